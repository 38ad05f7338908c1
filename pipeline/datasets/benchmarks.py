"""The benchmarks that are known by name, and where their files are looked for."""

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.datasets.dataset import Instance, Video
from pipeline.datasets.thumos14 import SUFFIXES
from pipeline.errors import InputNotFoundError

logger = logging.getLogger("soda")

THUMOS14 = "thumos14"
# File names to look for; the first pattern that fits wins.
PATTERNS = {
    THUMOS14: (f"*{SUFFIXES['train']}.txt", "gt*.json"),  # its own, or BaSNet's
    "activitynet1.2": ("activity_net.v1-2*.json",),
    "activitynet1.3": ("activity_net.v1-3*.json",),
}


def without_empty_instances(
    videos: tuple[Video, ...], source: Path
) -> tuple[Video, ...]:
    """The videos without instances of no length, of which ActivityNet has a few.

    They are published so, and nobody can be asked to correct them as in a file of
    one's own; the videos keep their labels.
    """
    empty = [v.id for v in videos if any(map(is_empty, v.instances))]
    if empty:
        logger.warning(
            "%s: instances that end where they begin are left out, in %s",
            source,
            ", ".join(empty),
        )
    return tuple(
        replace(v, instances=tuple(i for i in v.instances if not is_empty(i)))
        for v in videos
    )


def is_empty(instance: Instance) -> bool:
    """Whether an instance ends where it begins."""
    return instance.start_seconds == instance.end_seconds


def benchmark_folder(name: str, data_folder: Path) -> Path:
    """The folder `name` in the data folder; or that itself, if there is no such."""
    own = data_folder / name
    return own if own.is_dir() or not data_folder.is_dir() else data_folder


def find_annotations(name: str, folder: Path) -> Path:
    """The benchmark's file of annotations, nested folders included.

    Of THUMOS14's texts, one a class, it is the first.

    Raises:
        InputNotFoundError: There is none; the message says where one was looked for
            and how to get it.
    """
    for pattern in PATTERNS[name]:
        if found := sorted(folder.rglob(pattern)):
            return found[0]
    raise InputNotFoundError(
        f"{folder}: expected the annotations of {name} ({' or '.join(PATTERNS[name])}, "
        f"in nested folders too), found none; fetch them with `soda download {name} "
        "--what annotations`, or name the folder that holds them with --data-dir"
    )
