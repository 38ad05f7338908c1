"""The annotation format of ActivityNet, in which most datasets are published.

`{"database": {id: {"subset", "duration", "annotations": [{"segment", "label"}]}}}`
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.manifest import dataset_name
from pipeline.errors import AnnotationError, in_words
from pipeline.progress import count_of


def parse_activitynet(
    path: Path, content: Any, videos_folder: Path, files: Mapping[str, Path]
) -> Dataset:
    """Build a dataset from ActivityNet's JSON.

    The classes are the labels that occur, sorted. `files` are those of the videos by
    id, which may have the prefix `v_` that the dataset's own tools add. `videos_folder`
    is assumed for others.

    Raises:
        AnnotationError: If entries lack a field or hold an unreadable value. All are
            listed, each with its video.
    """
    entries = _entries(path, content)
    subsets = subset_names({str(e.get("subset", "")) for e in entries.values()})
    videos: list[Video] = []
    unused: list[str] = []
    unreadable: list[str] = []
    for id, entry in entries.items():
        if entry.get("subset") not in subsets:
            unused.append(id)
            continue
        file = files.get(id) or files.get(f"v_{id}") or videos_folder / id
        try:
            videos.append(_video(id, entry, subsets[entry["subset"]], file))
        except ValueError as error:
            unreadable.append(f"  {id}: {error}")
    if unreadable:
        raise AnnotationError(
            f"{path}: the annotations of {count_of(len(unreadable), 'video')} cannot "
            "be read; correct them and run the same command again\n"
            + "\n".join(unreadable)
        )
    labels = {label for video in videos for label in video.labels}
    return Dataset(
        name=dataset_name(path),
        source=path,
        videos_folder=videos_folder,
        classes=tuple(sorted(labels)),
        videos=tuple(videos),
        unused=tuple(unused),
    )


def _entries(path: Path, content: Any) -> dict[str, dict[str, Any]]:
    entries = content["database"]
    if isinstance(entries, dict) and all(isinstance(e, dict) for e in entries.values()):
        return entries
    raise AnnotationError(
        f'{path}: expected {{"database": {{id: {{"subset", "annotations"}}}}}}, found '
        f"{json.dumps(entries)[:200]}"
    )


def subset_names(found: set[str]) -> dict[str, Subset]:
    """Map the subset names of a file to `train` and `test`.

    The validation subset is the test set if the file has a training subset, as
    ActivityNet has, whose testing labels are secret. Otherwise it is the training set,
    as in THUMOS14, whose training videos are trimmed.

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
    """Parse the action instances of one video; times may be numbers or numeric text.

    Raises:
        AnnotationError: If the annotations are not in ActivityNet's format.
    """
    try:
        return _instances(annotations)
    except ValueError as error:
        raise AnnotationError(f"{path}: {id}: {error}") from error


def _instances(annotations: Any) -> tuple[Instance, ...]:
    try:
        return tuple(
            Instance(str(a["label"]), *(float(seconds) for seconds in a["segment"]))
            for a in annotations
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            'expected annotations as [{"segment": [start, end], "label": "..."}], '
            f"found {json.dumps(annotations)[:200]} ({in_words(error)})"
        ) from error


def _video(id: str, entry: dict[str, Any], subset: Subset, file: Path) -> Video:
    instances = _instances(entry.get("annotations", []))
    return Video(
        id=id,
        subset=subset,
        path=file,
        labels=tuple(sorted({instance.label for instance in instances})),
        instances=instances,
        duration_seconds=_duration(entry.get("duration")),
    )


def _duration(value: Any) -> float | None:
    """Parse seconds from a number or numeric text; return None if they are missing."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"expected a duration in seconds, found {value!r}") from None
