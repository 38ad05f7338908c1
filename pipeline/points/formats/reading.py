"""The reading of a file of clicks in any known format."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.datasets import BACKGROUND
from pipeline.errors import AnnotationError, in_words
from pipeline.points.formats import (
    label_studio,
    labelu,
    points_csv,
    points_json,
    single_frames,
    via,
)
from pipeline.points.formats.document import (
    ClickEntry,
    Document,
    Unit,
    parse_seconds,
    read_document,
)

# An interval of at most this length, one frame of a slow camera, is a click.
ONE_FRAME_SECONDS = 0.05


class PointsFormat(Protocol):
    """A module for one file format."""

    NAME: str

    def recognises(self, document: Document) -> bool:
        """Check by its content whether a file has this format."""

    def entries(self, document: Document) -> Iterator[ClickEntry]:
        """Yield the clicks of a file in this format."""


FORMATS: tuple[PointsFormat, ...] = (
    points_csv,
    points_json,
    single_frames,
    labelu,
    via,
    label_studio,
)

# Errors of a reader if a file does not have the structure that its beginning suggests.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, csv.Error)


@dataclass(frozen=True)
class Click:
    """A click, or an interval that is treated as a click at its middle.

    Intervals in frames include their end, [start, end]; those in seconds are half-open,
    [start, end).
    """

    file: Path
    where: str  # in the file
    video: str  # as the file names it
    label: str
    start: float
    end: float
    unit: Unit
    annotator: str | None

    @property
    def is_interval(self) -> bool:
        """True if the click is an interval longer than a frame."""
        length = self.end - self.start
        return length > (ONE_FRAME_SECONDS if self.unit == "seconds" else 0)

    def seconds(self, fps: float = 1.0) -> float:
        """Return the time of the click in seconds; for frames, that of their middle.

        >>> Click(Path("c.json"), "", "v", "a", 3, 5, "frames", None).seconds(fps=2)
        1.75
        """
        if self.unit == "seconds":
            return (self.start + self.end) / 2
        return round((self.start - 1 + self.end) / 2 / fps, 6)


@dataclass(frozen=True)
class ClickFile:
    """The content of a file of clicks."""

    path: Path
    format: str
    clicks: tuple[Click, ...]
    problems: tuple[str, ...]  # entries that are not clicks, each with its place


def read_click_file(path: Path) -> ClickFile:
    """Read a file of clicks, whose format is recognised by its content.

    Raises:
        AnnotationError: If it has no known format, or deviates from its format.
    """
    document = read_document(path)
    form = next((f for f in FORMATS if f.recognises(document)), None)
    if form is None:
        known = "".join(f"\n  {f.NAME}" for f in FORMATS)
        raise AnnotationError(
            f"{path}: expected clicks in one of the formats below, found "
            f"{document.text[:60]!r}; convert the file to the first format{known}"
        )
    clicks: list[Click] = []
    problems: list[str] = []
    try:
        for entry in form.entries(document):
            try:
                clicks.append(click_of(path, entry))
            except ValueError as error:
                problems.append(f"{path}, {entry.where}: {error}")
    except MALFORMED as error:
        raise AnnotationError(
            f"{path}: expected {form.NAME}, found something else in it "
            f"({in_words(error)}); export it again"
        ) from error
    return ClickFile(path, form.NAME, tuple(clicks), tuple(problems))


def click_of(file: Path, entry: ClickEntry) -> Click:
    """Check an entry of a file and convert it to a click.

    Raises:
        ValueError: If it is not a click. The message says what was expected and found.
    """
    start = parse_seconds(entry.start)
    end = start if entry.end is None else parse_seconds(entry.end)
    if end < start:
        raise ValueError(f"expected start <= end, found [{start:g}, {end:g}]")
    if not isinstance(entry.video, str) or not entry.video.strip():
        raise ValueError(f"expected the name of a video, found {entry.video!r}")
    kind = str(entry.kind or "").strip().lower()
    label = str(entry.label or "").strip() or (BACKGROUND if kind == BACKGROUND else "")
    if kind and (kind == BACKGROUND) != (label == BACKGROUND):
        raise ValueError(f"expected one kind, found the label {label!r} as {kind}")
    annotator = None if entry.annotator in (None, "") else str(entry.annotator)
    place = (file, entry.where, entry.video)
    return Click(*place, label, start, end, entry.unit, annotator)
