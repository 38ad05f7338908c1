"""The layout of a work folder: results are named by their fingerprints."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from extractors.atomic import TEMPORARY_PREFIX

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


def sizes_in(folder: Path | str, prefix: str = "") -> dict[str, int]:
    """Return the bytes of all files in a folder and below it, by path in the folder.

    Temporary files and symbolic links are left out.
    """
    found: dict[str, int] = {}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() or entry.name.startswith(TEMPORARY_PREFIX):
                continue
            if entry.is_dir():
                found |= sizes_in(entry.path, f"{prefix}{entry.name}/")
            else:
                found[prefix + entry.name] = entry.stat().st_size
    return found
