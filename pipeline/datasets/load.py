"""From the name that a user gives to a dataset."""

import json
from pathlib import Path
from typing import Any

from pipeline.datasets.activitynet import parse_activitynet, reject_duplicate_keys
from pipeline.datasets.dataset import Dataset
from pipeline.datasets.demo import DemoConfig, make_demo
from pipeline.datasets.manifest import parse_manifest
from pipeline.datasets.validation import validate
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.progress import Progress

DEMO = "demo"
DEMO_VIDEOS = DemoConfig.train_videos + DemoConfig.test_videos


def load_dataset(
    dataset: str, videos_folder: Path | None = None, data_folder: Path = Path("data")
) -> Dataset:
    """Load `demo`, a manifest, or ActivityNet-style annotations beside videos.

    Args:
        dataset: `demo`, which makes its own videos in `data_folder/demo` on first
            use; or the path of a JSON file.
        videos_folder: Where the videos of ActivityNet-style annotations are; None
            means the folder `videos` beside the file, or else the file's own folder.

    Raises:
        InputNotFoundError: No such file, or a folder of videos without any.
        AnnotationError: What the file holds cannot be used; all problems are listed.
    """
    if dataset == DEMO:
        dataset = str(_demo(data_folder / DEMO))
    path = Path(dataset)
    if not path.is_file():
        raise InputNotFoundError(
            f"{dataset}: no such dataset; expected {DEMO!r} or the path of a JSON file "
            f"(a manifest, or ActivityNet-style annotations)"
        )
    content = read_annotations(path)
    if isinstance(content, dict) and "database" in content:
        folder = videos_folder or _default_videos_folder(path)
        return validate(parse_activitynet(path, content, folder))
    return validate(parse_manifest(path, content))


def _demo(folder: Path) -> Path:
    """The demo's manifest, after its videos are made if they are not there."""
    if (folder / "dataset.json").exists():
        return make_demo(folder)
    bar = Progress("demo videos, made once", DEMO_VIDEOS, [1.0] * DEMO_VIDEOS)
    with bar:
        return make_demo(folder, lambda done, _: bar.update(done))


def read_annotations(path: Path) -> Any:
    """Read a JSON file that somebody else wrote.

    Raises:
        AnnotationError: It is not JSON, or names a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=reject_duplicate_keys)
    except ValueError as error:
        raise AnnotationError(f"{path}: expected a JSON file, found {error}") from error


def _default_videos_folder(path: Path) -> Path:
    videos = path.parent / "videos"
    return videos if videos.is_dir() else path.parent
