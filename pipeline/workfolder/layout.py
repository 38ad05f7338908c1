"""The layout of a work folder: the paths that belong to the pipeline."""

from pathlib import Path

from pipeline.errors import InputNotFoundError
from pipeline.workfolder.stages import all_stages


def stage_folders() -> tuple[str, ...]:
    """Return the names of the folders that hold results of stages."""
    return tuple(dict.fromkeys(stage.folder_name for stage in all_stages()))


def other_folders() -> tuple[str, ...]:
    """Return the names of the other folders that stages write."""
    return tuple(name for stage in all_stages() for name in stage.other_folders)


def is_of_files(folder: str) -> bool:
    """Return whether a folder holds files, not folders, named by fingerprint."""
    return any(s.is_file for s in all_stages() if s.folder_name == folder)


def is_work_folder(path: Path) -> bool:
    """Return whether a folder holds results or failures of a run."""
    return any((path / name).is_dir() for name in (*stage_folders(), "failures"))


def check_work_folder(path: Path) -> Path:
    """Return the folder if it is a work folder.

    Raises:
        InputNotFoundError: The folder is not a work folder.
    """
    if not is_work_folder(path):
        raise InputNotFoundError(
            f"{path}: expected a work folder (--workdir of a run, with folders such as "
            f"{', '.join(stage_folders()[:3])}), found none; try work/DATASET"
        )
    return path


def work_folders(parent: Path) -> list[Path]:
    """Return a folder if it is a work folder, else the work folders in it."""
    if is_work_folder(parent):
        return [parent]
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [path for path in found if is_work_folder(path)]
