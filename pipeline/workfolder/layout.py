"""The layout of a work folder: the paths in it that are ours."""

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import InputNotFoundError
from pipeline.workfolder.stages import all_stages

FINGERPRINT = re.compile(r"[0-9a-f]{12}")


def stage_folders() -> tuple[str, ...]:
    """Return the names of the folders that hold results of stages."""
    return tuple(dict.fromkeys(stage.folder_name for stage in all_stages()))


def other_folders() -> tuple[str, ...]:
    """Return the names of further folders that stages write."""
    return tuple(name for stage in all_stages() for name in stage.other_folders)


def is_work_folder(path: Path) -> bool:
    """Return whether a run has left anything in a folder."""
    return any((path / name).is_dir() for name in (*stage_folders(), "failures"))


def check_work_folder(path: Path) -> Path:
    """Return the folder, if it is one of ours.

    Raises:
        InputNotFoundError: It is not.
    """
    if not is_work_folder(path):
        raise InputNotFoundError(
            f"{path}: expected a work folder (--workdir of a run, with folders such as "
            f"{', '.join(stage_folders()[:3])}), found none; try work/DATASET"
        )
    return path


def work_folders(parent: Path) -> list[Path]:
    """Return a folder if it is one of ours, else those in it."""
    if is_work_folder(parent):
        return [parent]
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [path for path in found if is_work_folder(path)]


def outputs_in(workdir: Path, folder: str) -> Iterator[tuple[str, Path]]:
    """Yield the fingerprint and path of each of our results in a stage's folder.

    Symbolic links are not followed.
    """
    parent = workdir / folder
    if parent.is_symlink() or not parent.is_dir():
        return
    of_files = folder in {s.folder_name for s in all_stages() if s.is_file}
    for path in sorted(parent.iterdir()):
        name = path.stem if of_files else path.name
        is_ours = path.is_file() if of_files else path.is_dir()
        if is_ours and not path.is_symlink() and FINGERPRINT.fullmatch(name):
            yield name, path


def size_of(path: Path) -> int:
    """Return the bytes in a file, or in a folder's files; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(size_of(child) for child in path.iterdir())
