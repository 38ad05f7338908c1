"""The annotation format of ActivityNet, in which most datasets are published.

`{"database": {id: {"subset", "duration", "annotations": [{"segment", "label"}]}}}`
"""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.manifest import dataset_name
from pipeline.datasets.spelling import (
    is_background,
    label_text,
    split_of,
    split_within,
    subset_names,
    warn_of_numbers,
)
from pipeline.datasets.text import json_path
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.progress import count_of, shown

logger = logging.getLogger("soda")


def parse_activitynet(
    path: Path, content: Any, videos_folder: Path, files: Mapping[str, Path]
) -> Dataset:
    """Build a dataset from ActivityNet's JSON.

    The classes are the labels that occur, sorted. `files` are those of the videos by
    name (see `VideoNames`). `videos_folder` is assumed for others.

    Raises:
        AnnotationError: If entries lack a field or hold an unreadable value. All are
            listed, each with its video. Also if subsets have names that may mean
            others, or no video is of a training or a test subset.
        InputNotFoundError: If there are files, but none is of a video.
    """
    entries = _entries(path, content)
    named = {id: str(entry.get("subset") or "") for id, entry in entries.items()}
    subsets = subset_names(named.values())
    names = VideoNames({id: () for id in files})
    videos: list[Video] = []
    unreadable: list[str] = []
    for id, entry in entries.items():
        if named[id] in subsets:
            file = files.get(names.id_of(id) or "", videos_folder / id)
            try:
                videos.append(_video(id, entry, subsets[named[id]], file))
            except ValueError as error:
                unreadable.append(f"  {id}: {error}")
    if unreadable:
        raise AnnotationError(
            f"{path}: the annotations of {count_of(len(unreadable), 'video')} cannot "
            "be read; correct them and run the same command again\n"
            + "\n".join(unreadable)
        )
    unused = {id: named[id] for id in entries if named[id] not in subsets}
    _check_unused(path, unused, entries, bool(videos))
    _check_files(path, videos, files)
    used = (entries[video.id].get("annotations", []) for video in videos)
    warn_of_numbers(path, (a["label"] for annotations in used for a in annotations))
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


def _check_unused(
    path: Path, unused: Mapping[str, str], entries: Mapping[str, Any], any_used: bool
) -> None:
    """Refuse a file if its subsets, by id, may mean others; say what is left out.

    Testing videos whose labels are secret are no loss.
    """
    names = {*unused.values()}
    if odd := [name for name in names if split_within(name) and not split_of(name)]:
        raise AnnotationError(
            f"{path}: expected subsets such as training, validation and testing, found "
            f"{shown(sorted(odd))}; rename them"
        )
    if names and not any_used:
        raise AnnotationError(
            f"{path}: expected videos of a training and a test subset, found "
            f"{len(unused)} of the subsets {shown(sorted(names))}; rename the subsets"
        )
    lost = {id: name for id, name in unused.items() if entries[id].get("annotations")}
    if lost:
        logger.warning(
            "%s: left out %s of the subsets %s, such as %s",
            path,
            count_of(len(lost), "annotated video"),
            shown(sorted({*lost.values()})),
            shown(lost),
        )


def _check_files(
    path: Path, videos: Sequence[Video], files: Mapping[str, Path]
) -> None:
    found = {*files.values()}
    if videos and files and not any(video.path in found for video in videos):
        raise InputNotFoundError(
            f"{path}: expected files of its videos, such as "
            f"{shown(video.id for video in videos)}, found only others: "
            f"{shown(map(str, files.values()), quoted=False)}; give the right folder "
            "with --videos"
        )


def parse_instances(annotations: Any, *place: str | int) -> tuple[Instance, ...]:
    """Parse the action instances of one video; times may be numbers or numeric text.

    Args:
        annotations: As in the file.
        *place: Their path in the JSON document, for messages.

    Raises:
        ValueError: If they are not in ActivityNet's format, or a label is no action's.
    """
    try:
        found = [(a["label"], *map(float, a["segment"])) for a in annotations]
        instances = [(label, start, end) for label, start, end in found]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            'expected annotations as [{"segment": [start, end], "label": "..."}], '
            f"found {json.dumps(annotations)[:200]}"
        ) from error
    return tuple(
        Instance(_action(label, *place, index, "label"), start, end)
        for index, (label, start, end) in enumerate(instances)
    )


def _action(label: Any, *place: str | int) -> str:
    text = label_text(label, *place)
    if is_background(text):
        raise ValueError(
            f"{json_path(place)}: expected an action, found {text!r}; leave the "
            "segment out, as all time between segments is background"
        )
    return text


def _video(id: str, entry: dict[str, Any], subset: Subset, file: Path) -> Video:
    annotations = entry.get("annotations", [])
    instances = parse_instances(annotations, "database", id, "annotations")
    return Video(
        id=id,
        subset=subset,
        path=file,
        labels=tuple(sorted({instance.label for instance in instances})),
        instances=instances,
        is_background="annotations" in entry and not instances,
        duration_seconds=_duration(entry.get("duration")),
    )


def _duration(value: Any) -> float | None:
    """Parse seconds from a number or numeric text; return None if they are missing."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"expected a duration in seconds, found {value!r}") from None
