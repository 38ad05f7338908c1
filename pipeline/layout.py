"""The layout of a work folder: results are named by their fingerprints."""

import re
from collections.abc import Iterator
from pathlib import Path

FINGERPRINT = re.compile(r"[0-9a-f]{12}")


def outputs_in(
    workdir: Path, folder: str, of_files: bool = False
) -> Iterator[tuple[str, Path]]:
    """Yield the fingerprint and path of each of our results in a stage's folder.

    Symbolic links are not followed. `of_files` is True if the stage leaves files there,
    not folders.
    """
    parent = workdir / folder
    if parent.is_symlink() or not parent.is_dir():
        return
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
