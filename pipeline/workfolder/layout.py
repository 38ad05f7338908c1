"""How a work folder is laid out: which paths in it are ours."""

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import InputNotFoundError
from pipeline.layout import FILE_STAGES, FOLDERS, TASKS

FINGERPRINT = re.compile(r"[0-9a-f]{12}")
PLANS = "plans"  # what features are drawn from or imported by
STAGE_FOLDERS = tuple(dict.fromkeys(FOLDERS.get(stage, stage) for stage in TASKS))


def is_work_folder(path: Path) -> bool:
    """Whether a run has left anything in a folder."""
    return any((path / name).is_dir() for name in (*STAGE_FOLDERS, "failures"))


def check_work_folder(path: Path) -> Path:
    """The folder, if it is one of ours.

    Raises:
        InputNotFoundError: It is none.
    """
    if not is_work_folder(path):
        raise InputNotFoundError(
            f"{path}: expected a work folder (--workdir of a run, with folders such as "
            f"{', '.join(STAGE_FOLDERS[:3])}), found none; try work/DATASET"
        )
    return path


def work_folders(parent: Path) -> list[Path]:
    """A folder, if it is one of ours, else those in it."""
    if is_work_folder(parent):
        return [parent]
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [path for path in found if is_work_folder(path)]


def outputs_in(workdir: Path, folder: str) -> Iterator[tuple[str, Path]]:
    """Fingerprint and path of all that a stage's folder holds, as far as it is ours.

    Nothing is reached by a symbolic link.
    """
    parent = workdir / folder
    if parent.is_symlink() or not parent.is_dir():
        return
    of_files = folder in {FOLDERS.get(stage, stage) for stage in FILE_STAGES}
    for path in sorted(parent.iterdir()):
        name = path.stem if of_files else path.name
        is_ours = path.is_file() if of_files else path.is_dir()
        if is_ours and not path.is_symlink() and FINGERPRINT.fullmatch(name):
            yield name, path


def size_of(path: Path) -> int:
    """Bytes in a file, or in all files of a folder; links count as themselves."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(size_of(child) for child in path.iterdir())
