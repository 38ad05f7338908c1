"""The ground truth of an evaluation: the instances to find, by video."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipeline.datasets import Instance, read_annotations
from pipeline.datasets.activitynet import parse_instances
from pipeline.datasets.spelling import split_of, warn_of_numbers
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, InputNotFoundError, in_words
from pipeline.progress import count_of, say, shown

T = TypeVar("T")

GroundTruth = Mapping[str, Sequence[Instance]]  # by video id


def read_ground_truth(path: Path, subset: str) -> dict[str, tuple[Instance, ...]]:
    """Read one subset of ActivityNet-style annotations or of a manifest.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form, no such subset, or no action in
            it.
    """
    entries = _read_entries(path)
    chosen = [entry for entry in entries if _same_subset(entry.subset, subset)]
    found = {entry.id: entry.instances(path) for entry in chosen}
    if not any(found.values()):
        what = (
            f"{count_of(len(found), 'video')} without any"
            if found
            else "no such subset"
        )
        names = shown(sorted({entry.subset for entry in entries})) or "none"
        raise AnnotationError(
            f"{path}: expected action instances in the subset {subset!r}, found "
            f"{what}; choose another with --subset; the file's subsets are: {names}"
        )
    warn_of_numbers(path, (a["label"] for e in chosen for a in e.annotations))
    return found


def _same_subset(one: str, other: str) -> bool:
    return (split_of(one) or one.casefold()) == (split_of(other) or other.casefold())


def read_instances(path: Path, id: str) -> tuple[Instance, ...]:
    """Read the instances of one video of any subset.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form, or does not list the video.
    """
    entries = {entry.id: entry for entry in _read_entries(path)}
    known = VideoNames(dict.fromkeys(entries, ())).id_of(id)
    if known is None:
        raise AnnotationError(
            f"{path}: expected the video {id!r}, found only {shown(entries)}"
        )
    return entries[known].instances(path)


def match_detections(
    ground_truth: GroundTruth, detections: Mapping[str, T]
) -> dict[str, T]:
    """Return detections under the ids of the ground truth, and say what has no match.

    Ids match with and without the prefix `v_` and the extension (see `VideoNames`).

    Raises:
        AnnotationError: If no detection is in a video of the ground truth, or if two
            ids mean the same video.
    """
    found = VideoNames(dict.fromkeys(ground_truth, ())).renamed(detections)
    unlisted = [id for id in found if id not in ground_truth]
    without = [id for id in ground_truth if id not in found]
    if not found.keys() & ground_truth.keys():
        raise AnnotationError(
            f"expected detections in the {len(ground_truth)} videos of the ground "
            f"truth, such as {shown(ground_truth)}, found them in "
            + (f"others: {shown(found)}" if found else "no video at all")
            + "; check that both files are of the same videos and subset"
        )
    if unlisted:
        say(f"detections in videos that are not in the ground truth: {shown(unlisted)}")
        if without:
            say(f"videos of the ground truth without detections: {shown(without)}")
    return found


def read_durations(path: Path) -> dict[str, float]:
    """Read the duration in seconds of each video for which the file states it.

    Raises:
        InputNotFoundError: If the file does not exist.
        AnnotationError: If the file has another form.
    """
    entries = [e for e in _read_entries(path) if e.duration is not None]
    try:
        return {entry.id: float(entry.duration) for entry in entries}
    except (TypeError, ValueError, OverflowError) as error:
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
    place: tuple[str | int, ...]  # of the annotations, in the JSON document

    def instances(self, path: Path) -> tuple[Instance, ...]:
        """Return the instances; the path is that of the file, for messages."""
        try:
            return parse_instances(self.annotations, *self.place)
        except ValueError as error:
            raise AnnotationError(f"{path}: {self.id}: {error}") from error


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
                _entry(id, video, "database", id, "annotations")
                for id, video in content["database"].items()
            ]
        return [
            _entry(video["id"], video, "videos", index, "segments")
            for index, video in enumerate(content["videos"])
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(
            f'{path}: expected {{"database": {{id: {{"subset", "annotations"}}}}}} or '
            f"a manifest, found something else ({in_words(error)})"
        ) from error


def _entry(id: str, video: dict[str, Any], *place: str | int) -> _Entry:
    annotations = video.get(str(place[-1]), [])
    subset = str(video.get("subset") or "")
    return _Entry(str(id), subset, annotations, video.get("duration"), place)


def exclude(
    videos: Mapping[str, Sequence[T]], ids: Sequence[str]
) -> dict[str, Sequence[T]]:
    """Return ground truth or detections without some videos, if it has them."""
    return {id: found for id, found in videos.items() if id not in ids}
