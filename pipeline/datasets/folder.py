"""Video files of a folder, found by their id."""

import os
from pathlib import Path

from pipeline.errors import AnnotationError, InputNotFoundError

# Files that lie beside videos and share their names.
NOT_VIDEOS = {".json", ".txt", ".csv", ".srt", ".vtt", ".md", ".jpg", ".png", ".npy"}


def find_videos(folder: Path) -> dict[str, Path]:
    """Map each id (file name without extension) to its file, nested folders included.

    Raises:
        InputNotFoundError: The folder does not exist or holds no file.
        AnnotationError: Two files share one id.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder of videos; give it with --videos"
        )
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(parent, name)
            if name.startswith(".") or file.suffix.lower() in NOT_VIDEOS:
                continue
            if file.stem in found:
                raise AnnotationError(
                    f"{folder}: two files have the id {file.stem!r}: "
                    f"{found[file.stem]} and {file}; ids must be unique, rename one"
                )
            found[file.stem] = file
    if not found:
        raise InputNotFoundError(
            f"{folder}: the folder holds no video file; give the right one with "
            "--videos"
        )
    return found
