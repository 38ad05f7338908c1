"""The checks that every dataset must pass; all problems are listed at once."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from pipeline.datasets.dataset import BACKGROUND, Dataset, Video
from pipeline.datasets.spelling import is_background, resembles_background
from pipeline.errors import AnnotationError
from pipeline.intervals import beyond_end
from pipeline.progress import count_of
from pipeline.storage import comparable

LONGEST_NAME = 255  # bytes, in most file systems
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")  # NUL and halves of surrogate pairs
BEYOND = "annotation beyond the end"


class Problem(NamedTuple):
    """One problem of a dataset, for the user to fix."""

    video_id: str  # "" for the whole dataset
    kind: str  # shared by similar problems of several videos
    text: str  # a sentence about this problem

    def __str__(self) -> str:
        return f"{self.video_id}: {self.text}" if self.video_id else self.text


class DatasetError(AnnotationError):
    """An error for a dataset with problems, which it lists with their videos."""

    def __init__(self, dataset: Dataset, problems: Sequence[Problem]) -> None:
        self.dataset = dataset
        self.problems = problems
        shown = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(
            f"{dataset.source}: {count_of(len(problems), 'problem')} in the "
            f"annotations; correct the file and run the same command again\n{shown}"
        )


def validate(dataset: Dataset) -> Dataset:
    """Return the dataset as it is, or raise `DatasetError` with all its problems."""
    if problems := find_problems(dataset):
        raise DatasetError(dataset, problems)
    return dataset


def find_problems(dataset: Dataset) -> list[Problem]:
    """List all problems in a dataset's annotations that prevent its use."""
    return [
        *_duplicates(dataset),
        *_classes(dataset),
        *(problem for video in dataset.videos for problem in _video(dataset, video)),
    ]


def _duplicates(dataset: Dataset) -> Iterator[Problem]:
    subsets = defaultdict(list)
    looks = defaultdict(set)
    for video in dataset.videos:
        subsets[video.id].append(video.subset)
        looks[comparable(video.id)].add(video.id)
    for id, found in subsets.items():
        if len(found) > 1:
            times = f"{len(found)} times ({', '.join(found)})"
            text = f"the id occurs {times}; ids must be unique"
            yield Problem(id, "one id twice", text)
    for ids in looks.values():
        if len(ids) > 1:
            text = f"the ids {' and '.join(map(ascii, sorted(ids)))} look the same"
            yield Problem(max(ids), "one id in two Unicode forms", text)


def _classes(dataset: Dataset) -> Iterator[Problem]:
    if not dataset.videos:
        text = "the file names no video of a train or test subset"
        yield Problem("", "no videos", text)
    if not dataset.classes:
        yield Problem("", "class list", "there is no action class")
    for name in filter(resembles_background, dataset.classes):
        text = f"the class name {name!r} is reserved; rename that class, or name it "
        text += f"{BACKGROUND!r} and leave it out of the classes if it is no action"
        yield Problem("", "class list", text)
    for name, count in Counter(dataset.classes).items():
        if count > 1:
            text = f"the class {name!r} occurs {count} times in the class list"
            yield Problem("", "class list", text)
    spellings = defaultdict(set)
    for name in dataset.classes:
        spellings[_spelling(name)].add(name)
    for names in spellings.values():
        if len(names) > 1:
            listed = " and ".join(map(repr, sorted(names)))
            text = f"the classes {listed} differ only by case, space or .0; choose one"
            yield Problem("", "labels that differ by case only", text)


def _spelling(label: str) -> str:
    """Return what two labels share that are meant to be one.

    >>> _spelling(" Jump"), _spelling("3.0")
    ('jump', '3')
    """
    return re.sub(r"^(\d+)\.0+$", r"\1", label.strip().casefold())


def _video(dataset: Dataset, video: Video) -> Iterator[Problem]:
    if _leaves(video.path, dataset.videos_folder):
        text = f"the path {video.path} leads out of {dataset.videos_folder} by `..`; "
        text += "give an absolute path, or move the file into the folder"
        yield Problem(video.id, "path that leaves the folder", text)
    if found := NO_TEXT.search(f"{video.id}{video.path}"):
        text = f"the id or path contains {found[0]!a}, which no file name can contain"
        yield Problem(video.id, "impossible name", text)
    elif any(len(part.encode()) > LONGEST_NAME for part in video.path.parts):
        text = f"the path {video.path} is too long for the name of a file"
        yield Problem(video.id, "impossible name", text)
    actions = {*video.labels, *(i.label for i in video.instances)}
    for label in filter(is_background, sorted(actions)):
        text = f"the segment of {label!r} shows no action; leave it out, as all time "
        text += "between segments is background"
        yield Problem(video.id, "segment of background", text)
    labels = {*actions, *(point.label for point in video.points or ())}
    known = {*dataset.classes, BACKGROUND}
    for label in sorted(labels - known):
        listed = ", ".join(dataset.classes)
        text = f"the label {label!r} is not in the class list ({listed})"
        yield Problem(video.id, "unknown label", text)
    yield from _times(video)


def _times(video: Video) -> Iterator[Problem]:
    for instance in video.instances:
        start, end = instance.start_seconds, instance.end_seconds
        named = f"[{start}, {end}] ({instance.label})"
        if not 0 <= start < end < inf:
            text = f"a segment must have 0 <= start < end, got {named}"
            yield Problem(video.id, "impossible segment", text)
        if beyond := beyond_end(end, video.duration_seconds):
            yield Problem(video.id, BEYOND, f"the segment {named} {beyond}")
    for point in video.points or ():
        if not 0 <= point.seconds < inf:
            text = f"a point's time must not be negative, got {point.seconds}"
            yield Problem(video.id, "impossible point", text)
        if beyond := beyond_end(point.seconds, video.duration_seconds):
            text = f"the point at {point.seconds} ({point.label}) {beyond}"
            yield Problem(video.id, BEYOND, text)


def _leaves(path: Path, folder: Path) -> bool:
    """Check whether a path begins in a folder and leads out of it by `..`."""
    if not path.is_relative_to(folder):
        return False
    return Path(os.path.normpath(path.relative_to(folder))).parts[:1] == ("..",)
