"""Cues: detections as players show them, a text from one millisecond to another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.detection.detections import Detection

# Forbidden in XML, and of no use in a text.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Cue:
    """A text on screen during [start, end); never empty, never before 0."""

    start_milliseconds: int
    end_milliseconds: int
    label: str
    score: float

    @property
    def text(self) -> str:
        """What is shown: label and score."""
        return f"{self.label} {self.score:.3f}"


def make_cues(found: Sequence[Detection]) -> list[Cue]:
    """The cues of one video by their time; where that is equal, the best first."""
    ordered = sorted(found, key=lambda d: (d.start_seconds, d.end_seconds, -d.score))
    return [_cue(detection) for detection in ordered]


def _cue(detection: Detection) -> Cue:
    start = max(0, round(detection.start_seconds * 1000))
    end = max(start + 1, round(detection.end_seconds * 1000))
    return Cue(start, end, one_line(detection.label), detection.score)


def one_line(text: str) -> str:
    """A text as a line that every player and parser takes; never empty.

    >>> one_line("long\\n jump")
    'long jump'
    """
    return " ".join(UNPRINTABLE.sub("", text).split()) or "?"
