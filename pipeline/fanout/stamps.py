"""Of which inputs the outputs of a stage were made."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.fanout.job import Item
from pipeline.storage import file_stamp, read_json, write_json

FILE = "inputs.json"


def forget_stale(items: Sequence[Item]) -> None:
    """Remove outputs whose inputs have changed, and note beside them what these are.

    The times alone do not tell: a file that takes another one's place may be older
    than what was made of that, and a clock may have been wrong.
    """
    folders: dict[str, dict[str, Any]] = defaultdict(dict)
    for item in items:
        folder, name = os.path.split(item.output)  # a Path would take half of the time
        folders[folder][name] = [list(file_stamp(path)) for path in item.inputs]
    for folder, present in folders.items():
        path = Path(folder, FILE)
        noted = read_json(path) if path.exists() else {}
        for name, stamps in present.items():
            if noted.get(name, stamps) != stamps:
                Path(folder, name).unlink(missing_ok=True)
        if noted | present != noted:
            write_json(path, noted | present)
