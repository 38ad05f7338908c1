"""The benchmarks that are known by name, and the search for their files."""

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.datasets.dataset import Instance, Video
from pipeline.datasets.thumos14 import SUFFIXES
from pipeline.errors import InputNotFoundError

logger = logging.getLogger("soda")

THUMOS14 = "thumos14"
# File names to look for; the first pattern that matches wins.
PATTERNS = {
    THUMOS14: (f"*{SUFFIXES['train']}.txt", "gt*.json"),  # its own files, or BaSNet's
    "activitynet1.2": ("activity_net.v1-2*.json",),
    "activitynet1.3": ("activity_net.v1-3*.json",),
}


def without_empty_instances(
    videos: tuple[Video, ...], source: Path
) -> tuple[Video, ...]:
    """Remove instances of zero length, of which ActivityNet has a few.

    The published files contain them, so users cannot be asked to correct them as they
    are for their own files. The videos keep their labels.
    """
    empty = [v.id for v in videos if any(map(is_empty, v.instances))]
    if empty:
        logger.warning(
            "%s: leaving out instances of zero length in the video(s) %s",
            source,
            ", ".join(empty),
        )
    return tuple(
        replace(v, instances=tuple(i for i in v.instances if not is_empty(i)))
        for v in videos
    )


def is_empty(instance: Instance) -> bool:
    """Check whether an instance ends where it begins."""
    return instance.start_seconds == instance.end_seconds


def benchmark_folder(name: str, data_folder: Path) -> Path:
    """Return the folder `name` in the data folder, or else the data folder itself."""
    own = data_folder / name
    return own if own.is_dir() or not data_folder.is_dir() else data_folder


def find_annotations(name: str, folder: Path) -> Path:
    """Find the benchmark's annotation file, also in nested folders.

    THUMOS14 has one text file per class; the first one is returned.

    Raises:
        InputNotFoundError: If there is no such file. The message says where it was
            looked for and how to get it.
    """
    for pattern in PATTERNS[name]:
        if found := sorted(folder.rglob(pattern)):
            return found[0]
    raise InputNotFoundError(
        f"{folder}: expected the annotations of {name} ({' or '.join(PATTERNS[name])}, "
        "also in nested folders), found none; download them with `soda download "
        f"{name} --what annotations`, or give their folder with --data-dir"
    )
