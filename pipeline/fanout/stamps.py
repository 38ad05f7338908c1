"""Records of the inputs from which the outputs of a stage were made."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.fanout.job import Item
from pipeline.storage import file_stamp, read_json, write_json

FILE = "inputs.json"


def forget_stale(items: Sequence[Item]) -> None:
    """Remove outputs whose inputs have changed, and record the present inputs.

    The records are next to the outputs. File times alone do not suffice: a file that
    replaces another may be older than the outputs, and a clock may have been wrong.
    """
    folders: dict[str, dict[str, Any]] = defaultdict(dict)
    for item in items:
        # Not a Path, which would take half of the time of this function.
        folder, name = os.path.split(item.output)
        folders[folder][name] = [list(file_stamp(path)) for path in item.inputs]
    for folder, present in folders.items():
        path = Path(folder, FILE)
        noted = read_json(path) if path.exists() else {}
        for name, stamps in present.items():
            if noted.get(name, stamps) != stamps:
                Path(folder, name).unlink(missing_ok=True)
        if noted | present != noted:
            write_json(path, noted | present)
