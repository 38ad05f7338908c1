"""One finished run on the tiny dataset, made once and copied by the tests that need it.

copy_run(finished, tmp_path)             # the whole of it
copy_run(finished, tmp_path, *CACHES)  # of its work folder these alone
"""

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from tests.command.commands import QUICK, luigi
from tests.dataset_maker import make_dataset

CACHES = ("frames", "flow", "features")  # the parts of a work folder before training


@dataclass(frozen=True)
class Finished:
    """A dataset and a work folder on which Evaluate has run; never to be changed."""

    folder: Path  # with `data` and `work`
    stdout: str
    stderr: str


def finished_run(folder: Path) -> Finished:
    """Return the run in a folder; the first of several processes makes it."""
    said = folder / "said.json"
    with FileLock(f"{folder}.lock"):
        if not said.exists():
            shutil.rmtree(folder, ignore_errors=True)
            done = evaluate(folder, "--jobs", "2")
            assert done.returncode == 0, done.stderr
            found = Finished(folder, done.stdout, done.stderr)
            said.write_text(json.dumps(asdict(found) | {"folder": str(folder)}))
    found = json.loads(said.read_text())
    return Finished(**found | {"folder": Path(found["folder"])})


def evaluate(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Make the dataset and run all stages up to its score."""
    dataset = make_dataset(folder / "data")
    places = ["--dataset", dataset, "--workdir", folder / "work"]
    return luigi("Evaluate", *places, *QUICK, *more, cwd=folder)


def copy_run(
    finished: Finished, folder: Path, *parts: str, work: Path | str = "work"
) -> Path:
    """Copy the dataset and the work folder, or parts of that; return the folder."""
    shutil.copytree(finished.folder / "data", folder / "data")
    for part in parts or ["."]:
        source, target = finished.folder / "work" / part, folder / work / part
        shutil.copytree(source, target, dirs_exist_ok=True)
    return folder
