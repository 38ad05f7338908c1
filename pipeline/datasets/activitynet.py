"""ActivityNet's form of annotations, which most of the field's datasets are had in.

`{"database": {id: {"subset", "duration", "annotations": [{"segment", "label"}]}}}`
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.manifest import dataset_name
from pipeline.errors import AnnotationError


def parse_activitynet(
    path: Path, content: Any, videos_folder: Path, files: Mapping[str, Path]
) -> Dataset:
    """Build a dataset from ActivityNet's JSON.

    The classes are the labels that occur, sorted.

    Args:
        path: Where the content was read from.
        content: What the file holds.
        videos_folder: Where a video would be that `files` does not have.
        files: The files of the videos by id; `v_` may stand before it, as the
            dataset's own tools have it.

    Raises:
        AnnotationError: An entry lacks a field or holds what cannot be read; the
            message names the video.
    """
    entries = content["database"]
    subsets = subset_names({str(e.get("subset", "")) for e in entries.values()})

    def file_of(id: str) -> Path:
        return files.get(id) or files.get(f"v_{id}") or videos_folder / id

    videos = tuple(
        _video(path, id, entry, subsets[entry["subset"]], file_of(id))
        for id, entry in entries.items()
        if entry.get("subset") in subsets
    )
    labels = {label for video in videos for label in video.labels}
    return Dataset(
        name=dataset_name(path),
        source=path,
        videos_folder=videos_folder,
        classes=tuple(sorted(labels)),
        videos=videos,
        unused=tuple(id for id, e in entries.items() if e.get("subset") not in subsets),
    )


def subset_names(found: set[str]) -> dict[str, Subset]:
    """Which of a file's subsets train and which test.

    Validation tests where there is something else to train on (ActivityNet, whose
    testing labels are secret), and trains where there is not (THUMOS14, whose
    training videos are trimmed).

    >>> subset_names({"training", "validation", "testing"})
    {'training': 'train', 'validation': 'test'}
    >>> subset_names({"validation", "test"})
    {'test': 'test', 'validation': 'train'}
    """
    train = found & {"train", "training"}
    validation = found & {"val", "validation"}
    test = found & {"test", "testing"}
    if train and validation:
        test, validation = validation, set()
    names: dict[str, Subset] = {name: "train" for name in sorted(train)}
    names |= {name: "test" for name in sorted(test)}
    return names | {name: "train" for name in sorted(validation)}


def parse_instances(path: Path, id: str, annotations: Any) -> tuple[Instance, ...]:
    """The action instances of one video; times may be numbers or strings of them."""
    try:
        return tuple(
            Instance(str(a["label"]), *(float(seconds) for seconds in a["segment"]))
            for a in annotations
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: {id}: expected annotations as "
            '[{"segment": [start, end], "label": "..."}], '
            f"found {json.dumps(annotations)[:200]} ({error!r})"
        ) from error


def _video(
    path: Path, id: str, entry: dict[str, Any], subset: Subset, file: Path
) -> Video:
    instances = parse_instances(path, id, entry.get("annotations", []))
    duration = entry.get("duration")
    return Video(
        id=id,
        subset=subset,
        path=file,
        labels=tuple(sorted({instance.label for instance in instances})),
        instances=instances,
        duration_seconds=None if duration is None else float(duration),
    )


def reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`object_pairs_hook` for JSON: two videos of one id must not shadow each other.

    Raises:
        ValueError: A key stands twice in one object; the message names it.
    """
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"duplicate id(s) or key(s): {', '.join(twice)}")
    return dict(pairs)
