"""One click as written in a file, before its video is identified."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.datasets import BACKGROUND

# An interval of at most this length, one frame of a slow camera, is a click.
ONE_FRAME_SECONDS = 0.05

# Frames are numbered from 1, as in the annotation tools.
Unit = Literal["seconds", "frames"]


@dataclass(frozen=True)
class ClickEntry:
    """A click or an interval as written in a file, not yet checked."""

    where: str  # in the file
    video: Any
    label: Any
    start: Any
    end: Any = None  # None: a single time
    unit: Unit = "seconds"
    annotator: Any = None
    kind: Any = None  # action or background, if the file has it


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


def parse_seconds(value: Any) -> float:
    """Parse a time from a number, numeric text or `hh:mm:ss.fff`.

    Raises:
        ValueError: If it is not a time, or is negative.

    >>> parse_seconds("2.5"), parse_seconds("00:01:02.500")
    (2.5, 62.5)
    """
    try:
        parts = [float(part) for part in str(value).split(":")]
        seconds = sum(part * 60**place for place, part in enumerate(reversed(parts)))
        clock = len(parts) == 1 or all(0 <= part < 60 for part in parts[1:])
        if not clock or len(parts) > 3 or not 0 <= seconds < math.inf:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"expected a time, such as 12.5 or 00:00:12.500, found {value!r}"
        ) from None
    return seconds
