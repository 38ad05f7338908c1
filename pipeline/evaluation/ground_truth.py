"""The ground truth of an evaluation: the instances to find, by video."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipeline.datasets import Instance, read_annotations
from pipeline.datasets.activitynet import parse_instances
from pipeline.errors import AnnotationError, InputNotFoundError, in_words

T = TypeVar("T")

GroundTruth = Mapping[str, Sequence[Instance]]  # by video id


def read_ground_truth(path: Path, subset: str) -> dict[str, tuple[Instance, ...]]:
    """Read one subset of ActivityNet-style annotations or of a manifest.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form, or no such subset.
    """
    entries = _read_entries(path)
    found = {
        entry.id: parse_instances(path, entry.id, entry.annotations)
        for entry in entries
        if entry.subset == subset
    }
    if not found:
        names = ", ".join(sorted({entry.subset for entry in entries})) or "none"
        raise AnnotationError(
            f"{path}: expected the subset {subset!r}, found: {names}; choose another "
            "subset"
        )
    return found


def read_instances(path: Path, id: str) -> tuple[Instance, ...]:
    """Read the instances of one video of any subset.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form, or does not list the video.
    """
    for entry in _read_entries(path):
        if entry.id == id:
            return tuple(parse_instances(path, id, entry.annotations))
    raise AnnotationError(f"{path}: expected the video {id!r}, found only others")


def read_durations(path: Path) -> dict[str, float]:
    """Read the duration in seconds of each video for which the file states it.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form.
    """
    try:
        return {
            entry.id: float(entry.duration)
            for entry in _read_entries(path)
            if entry.duration is not None
        }
    except (TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: expected each duration in seconds, found something else "
            f"({in_words(error)})"
        ) from error


class _Entry(NamedTuple):
    """The entry of one video in a file of annotations."""

    id: str
    subset: str
    annotations: Any
    duration: Any


def _read_entries(path: Path) -> list[_Entry]:
    if not path.is_file():
        raise InputNotFoundError(
            f"{path}: expected a file of ground truth, found no such file; check the "
            "path"
        )
    content = read_annotations(path)
    try:
        if "database" in content:
            return [
                _Entry(id, e["subset"], e.get("annotations", []), e.get("duration"))
                for id, e in content["database"].items()
            ]
        return [
            _Entry(v["id"], v["subset"], v.get("segments", []), v.get("duration"))
            for v in content["videos"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(
            f'{path}: expected {{"database": {{id: {{"subset", "annotations"}}}}}} or '
            f"a manifest, found something else ({in_words(error)})"
        ) from error


def exclude(
    videos: Mapping[str, Sequence[T]], ids: Sequence[str]
) -> dict[str, Sequence[T]]:
    """Return ground truth or detections without some videos, if it has them."""
    return {id: found for id, found in videos.items() if id not in ids}
