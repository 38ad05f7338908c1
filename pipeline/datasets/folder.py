"""Video files of a folder, found by their id."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import AnnotationError, InputNotFoundError

# Files that lie beside videos and share their names.
NOT_VIDEOS = {".json", ".jsonl", ".txt", ".csv", ".srt", ".vtt"}
NOT_VIDEOS |= {".md", ".html", ".jpg", ".png", ".npy"}


def find_videos(folder: Path) -> dict[str, Path]:
    """Map each id (file name without extension) to its file, nested folders included.

    Raises:
        InputNotFoundError: The folder does not exist or holds no file.
        AnnotationError: Files share one id; all are listed.
    """
    found: dict[str, Path] = {}
    twice: list[str] = []
    for file in video_files(folder):
        if file.stem in found:
            twice.append(f"  {file.stem!r}: {found[file.stem]} and {file}")
        found.setdefault(file.stem, file)
    if twice:
        raise AnnotationError(
            f"{folder}: {len(twice)} id(s) have two files; ids must be unique, rename "
            "or remove one of each\n" + "\n".join(twice)
        )
    return found


def video_files(folder: Path) -> list[Path]:
    """All files of a folder that may be videos, nested folders included, in order.

    Symbolic links are followed, each folder is entered once: links that lead round in
    a circle end there.

    Raises:
        InputNotFoundError: The folder does not exist or holds no file.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder of videos; give it with --videos"
        )
    files = [
        Path(parent, name)
        for parent, names in _folders(folder)
        for name in sorted(names)
        if may_be_video(name)
    ]
    if not files:
        raise InputNotFoundError(
            f"{folder}: the folder holds no video file; give the right one with "
            "--videos"
        )
    return files


def may_be_video(name: str) -> bool:
    """Whether a file's name does not say that it is something else."""
    return not name.startswith(".") and Path(name).suffix.lower() not in NOT_VIDEOS


def _folders(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A folder and those below it, with the names of their files."""
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
        f"{error.filename}: expected a folder of videos, found “{error.strerror}”; see "
        "who may read it"
    )
