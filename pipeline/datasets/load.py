"""The loading of a dataset by its name or file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.datasets.activitynet import parse_activitynet
from pipeline.datasets.benchmarks import (
    PATTERNS,
    THUMOS14,
    benchmark_folder,
    find_annotations,
    without_empty_instances,
)
from pipeline.datasets.dataset import Dataset
from pipeline.datasets.demo import DemoConfig, make_demo
from pipeline.datasets.folder import find_videos
from pipeline.datasets.manifest import parse_lines, parse_manifest
from pipeline.datasets.text import parse_json, read_text
from pipeline.datasets.thumos14 import thumos14_dataset, videos_left_out
from pipeline.datasets.validation import validate
from pipeline.errors import InputNotFoundError
from pipeline.progress import Progress

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
        folder = benchmark_folder(dataset, data_folder)
        found = _benchmark(dataset, folder, videos_folder, with_videos)
        videos = without_empty_instances(found.videos, found.source)
        kept = tuple(video for video in videos if video.id not in left_out)
        return validate(replace(found, name=dataset, videos=kept))
    if dataset == DEMO:
        dataset = str(_demo(data_folder / DEMO))
    path = Path(dataset)
    if not path.is_file():
        raise InputNotFoundError(
            f"{dataset}: no such dataset; expected {', '.join((DEMO, *PATTERNS))}, or "
            "the path of a JSON file (a manifest, or ActivityNet-style annotations)"
        )
    return validate(_read_file(path, videos_folder, with_videos))


def _benchmark(
    name: str, folder: Path, videos_folder: Path | None, with_videos: bool
) -> Dataset:
    """Load a benchmark as it was published, with all of its videos."""
    annotations = find_annotations(name, folder)
    videos_folder = videos_folder or _default_videos_folder(folder)
    if annotations.suffix == ".json":
        return _read_file(annotations, videos_folder, with_videos)
    files = find_videos(videos_folder) if with_videos else {}
    return thumos14_dataset(folder, videos_folder, files)


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
    bar = Progress("demo videos, made once", DEMO_VIDEOS, [1.0] * DEMO_VIDEOS)
    with bar:
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
