"""The video files of a folder, found by their ids."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.progress import count_of

# Files that are often next to videos and share their names.
NOT_VIDEOS = {".json", ".jsonl", ".txt", ".csv", ".srt", ".vtt"}
NOT_VIDEOS |= {".md", ".html", ".jpg", ".png", ".npy"}


def find_videos(folder: Path) -> dict[str, Path]:
    """Map each id (file name without extension) to its file, nested folders included.

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
        AnnotationError: If files share one id. All are listed.
    """
    found: dict[str, Path] = {}
    twice: list[str] = []
    for file in video_files(folder):
        if file.stem in found:
            twice.append(f"  {file.stem!r}: {found[file.stem]} and {file}")
        found.setdefault(file.stem, file)
    if twice:
        ids = count_of(len(twice), "id has", "ids have")
        raise AnnotationError(
            f"{folder}: {ids} two files, but ids must be unique; rename or remove one "
            "of each\n" + "\n".join(twice)
        )
    return found


def video_files(folder: Path) -> list[Path]:
    """List all files of a folder that may be videos, nested folders included, in order.

    Symbolic links are followed. Each folder is entered only once, so circular links
    do no harm.

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder of videos; give the right one with --videos"
        )
    files = [
        Path(parent, name)
        for parent, names in _folders(folder)
        for name in sorted(names)
        if may_be_video(name)
    ]
    if not files:
        raise InputNotFoundError(
            f"{folder}: the folder contains no video file; give the right one with "
            "--videos"
        )
    return files


def may_be_video(name: str) -> bool:
    """Check that a file's name does not mark it as something else than a video."""
    return not name.startswith(".") and Path(name).suffix.lower() not in NOT_VIDEOS


def _folders(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and its nested folders, with the names of their files."""
    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        entered.add(os.path.realpath(parent))
        folders[:] = [
            name
            for name in sorted(folders)
            if os.path.realpath(Path(parent, name)) not in entered
        ]
        yield parent, names


def _refuse(error: OSError) -> None:
    raise InputNotFoundError(
        f"{error.filename}: expected a folder of videos, found “{error.strerror}”; "
        "check its permissions"
    )
