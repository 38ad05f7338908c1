"""The checks that every dataset passes, all problems listed at once."""

from collections import Counter
from collections.abc import Iterator

from pipeline.datasets.dataset import BACKGROUND, Dataset, Video
from pipeline.errors import AnnotationError

Problem = tuple[str, str]  # video id ("" for the whole file), sentence

# Annotators often close the last segment a little after the last frame.
END_TOLERANCE_SECONDS = 1.0


class DatasetError(AnnotationError):
    """A dataset with problems; `problems` holds each with its video's id."""

    def __init__(self, dataset: Dataset, problems: list[Problem]) -> None:
        self.dataset = dataset
        self.problems = problems
        shown = "\n".join(
            f"  {id}: {text}" if id else f"  {text}" for id, text in problems
        )
        super().__init__(
            f"{dataset.source}: {len(problems)} problem(s) in the annotations; correct "
            f"the file and run the same command again\n{shown}"
        )


def validate(dataset: Dataset) -> Dataset:
    """Return the dataset as it is, or raise `DatasetError` with all its problems."""
    problems = [
        *_duplicates(dataset),
        *_classes(dataset),
        *(problem for video in dataset.videos for problem in _video(dataset, video)),
    ]
    if not dataset.videos:
        problems.append(("", "the file names no video of a train or test subset"))
    if problems:
        raise DatasetError(dataset, problems)
    return dataset


def _duplicates(dataset: Dataset) -> Iterator[Problem]:
    counts = Counter(video.id for video in dataset.videos)
    for id, count in counts.items():
        if count > 1:
            yield id, f"the id stands {count} times; ids must be unique"


def _classes(dataset: Dataset) -> Iterator[Problem]:
    if BACKGROUND in dataset.classes:
        yield "", f"the class name {BACKGROUND!r} is reserved; rename that class"
    for name, count in Counter(dataset.classes).items():
        if count > 1:
            yield "", f"the class {name!r} stands {count} times in the class list"
    if not dataset.classes:
        yield "", "there is no action class"


def _video(dataset: Dataset, video: Video) -> Iterator[Problem]:
    known = {*dataset.classes, BACKGROUND}
    labels = [*video.labels, *(i.label for i in video.instances)]
    labels += [point.label for point in video.points or ()]
    for label in sorted(set(labels) - known):
        listed = ", ".join(dataset.classes)
        yield video.id, f"the label {label!r} is not in the class list ({listed})"
    for instance in video.instances:
        start, end = instance.start_seconds, instance.end_seconds
        if not 0 <= start < end:
            yield (
                video.id,
                f"a segment must have 0 <= start < end, got [{start}, {end}] "
                f"({instance.label})",
            )
        if beyond := beyond_end(end, video.duration_seconds):
            yield video.id, f"the segment [{start}, {end}] ({instance.label}) {beyond}"
    for point in video.points or ():
        if point.seconds < 0:
            yield video.id, f"a point's time must not be negative, got {point.seconds}"
        if beyond := beyond_end(point.seconds, video.duration_seconds):
            yield video.id, f"the point at {point.seconds} ({point.label}) {beyond}"


def beyond_end(seconds: float, duration_seconds: float | None) -> str | None:
    """A sentence's end if the time lies beyond the video's end, else None."""
    if duration_seconds is None or seconds <= duration_seconds + END_TOLERANCE_SECONDS:
        return None
    return f"ends at {seconds:g} s, beyond the video's end at {duration_seconds:g} s"
