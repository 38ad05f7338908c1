"""The loading of a dataset by its name or file."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.datasets.activitynet import parse_activitynet
from pipeline.datasets.dataset import Dataset, Instance, Video
from pipeline.datasets.demo import DemoConfig, make_demo
from pipeline.datasets.folder import find_videos
from pipeline.datasets.manifest import parse_lines, parse_manifest
from pipeline.datasets.text import parse_json, read_text
from pipeline.datasets.thumos14 import SUFFIXES, thumos14_dataset, videos_left_out
from pipeline.datasets.validation import validate
from pipeline.errors import InputNotFoundError
from pipeline.progress import Progress

logger = logging.getLogger("soda")

THUMOS14 = "thumos14"
# File names to look for; the first pattern that matches wins.
PATTERNS = {
    THUMOS14: (f"*{SUFFIXES['train']}.txt", "gt*.json"),  # its own files, or BaSNet's
    "activitynet1.2": ("activity_net.v1-2*.json",),
    "activitynet1.3": ("activity_net.v1-3*.json",),
}
DEMO = "demo"
DEMO_VIDEOS = DemoConfig.train_videos + DemoConfig.test_videos


def load_dataset(
    dataset: str,
    videos_folder: Path | None = None,
    data_folder: Path = Path("data"),
    thumos14_list: str = "210",
    with_videos: bool = True,
) -> Dataset:
    """Load `demo`, a benchmark, a manifest, or ActivityNet-style annotations.

    Args:
        dataset: `demo`, whose videos are made in `data_folder/demo` on first use; a
            benchmark's name (`PATTERNS`); or the path of a JSON file.
        videos_folder: The folder of the videos, ignored for a manifest, which has their
            paths. None means the folder `videos` next to the annotations, or else the
            folder of the annotations.
        data_folder: The folder that contains one folder per benchmark, or the
            benchmark's folder itself.
        thumos14_list: The name of one of THUMOS14's test lists (`LEFT_OUT`).
        with_videos: False if features exist already, so that no video is looked for.

    Raises:
        UsageError: If there is no such test list.
        InputNotFoundError: If there is no such file, or no video in the folder.
        AnnotationError: If the file's content cannot be used. All problems are listed.
    """
    if dataset in PATTERNS:
        left_out = videos_left_out(thumos14_list) if dataset == THUMOS14 else ()
        found = _benchmark(dataset, data_folder, videos_folder, with_videos)
        videos = _without_empty_instances(found)
        kept = tuple(video for video in videos if video.id not in left_out)
        return validate(replace(found, name=dataset, videos=kept))
    if dataset == DEMO:
        dataset = str(_demo(data_folder / DEMO))
    path = Path(dataset)
    if not os.path.isfile(path):
        raise InputNotFoundError(
            f"{dataset}: no such dataset; expected {', '.join((DEMO, *PATTERNS))}, or "
            "the path of a JSON file (a manifest, or ActivityNet-style annotations)"
        )
    return validate(_read_file(path, videos_folder, with_videos))


def _benchmark(
    name: str, data_folder: Path, videos_folder: Path | None, with_videos: bool
) -> Dataset:
    """Load a benchmark as it was published, with all of its videos."""
    own = data_folder / name
    folder = own if own.is_dir() or not data_folder.is_dir() else data_folder
    annotations = _find_annotations(name, folder)
    videos_folder = videos_folder or _default_videos_folder(folder)
    if annotations.suffix == ".json":
        return _read_file(annotations, videos_folder, with_videos)
    files = find_videos(videos_folder) if with_videos else {}
    return thumos14_dataset(folder, videos_folder, files)


def _find_annotations(name: str, folder: Path) -> Path:
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


def _without_empty_instances(dataset: Dataset) -> tuple[Video, ...]:
    """Remove instances of zero length, of which ActivityNet has a few.

    The published files contain them, so users cannot be asked to correct them as they
    are for their own files. The videos keep their labels.
    """

    def is_empty(instance: Instance) -> bool:
        return instance.start_seconds == instance.end_seconds

    empty = [v.id for v in dataset.videos if any(map(is_empty, v.instances))]
    if empty:
        logger.warning(
            "%s: leaving out instances of zero length in the videos: %s",
            dataset.source,
            ", ".join(empty),
        )
    return tuple(
        replace(v, instances=tuple(i for i in v.instances if not is_empty(i)))
        for v in dataset.videos
    )


def _read_file(path: Path, videos_folder: Path | None, with_videos: bool) -> Dataset:
    content = read_annotations(path)
    if not (isinstance(content, dict) and "database" in content):
        return parse_manifest(path, content)
    folder = videos_folder or _default_videos_folder(path.parent)
    files = find_videos(folder) if with_videos else {}
    return parse_activitynet(path, content, folder, files)


def _demo(folder: Path) -> Path:
    """Make the demo's videos unless they exist, and return its manifest."""
    if (folder / "dataset.json").exists():
        return make_demo(folder)
    weights = [1.0] * DEMO_VIDEOS
    with Progress("demo videos, made once", DEMO_VIDEOS, weights) as bar:
        return make_demo(folder, lambda done, _: bar.update(done))


def read_annotations(path: Path) -> Any:
    """Read a JSON file from another source, or a manifest as JSON Lines.

    Raises:
        AnnotationError: If it cannot be read, is not JSON, or has a key twice.
    """
    text = read_text(path)
    if path.suffix == ".jsonl":
        return parse_lines(path, text)
    return parse_json(str(path), text)


def _default_videos_folder(annotations: Path) -> Path:
    videos = annotations / "videos"
    return videos if videos.is_dir() else annotations
