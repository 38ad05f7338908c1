"""Cues: detections as texts that a player shows, with times in milliseconds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.detection.detections import Detection

# Characters that XML forbids and that no text needs.
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
        """The text on screen: label and score."""
        return f"{self.label} {self.score:.3f}"


def make_cues(found: Sequence[Detection]) -> list[Cue]:
    """Return the cues of one video by time; among equal times, the best first."""
    ordered = sorted(found, key=lambda d: (d.start_seconds, d.end_seconds, -d.score))
    return [_cue(detection) for detection in ordered]


def _cue(detection: Detection) -> Cue:
    start = max(0, round(detection.start_seconds * 1000))
    end = max(start + 1, round(detection.end_seconds * 1000))
    return Cue(start, end, one_line(detection.label), detection.score)


def one_line(text: str) -> str:
    """Turn a text into one line that every player and parser accepts; never empty.

    >>> one_line("long\\n jump")
    'long jump'
    """
    return " ".join(UNPRINTABLE.sub("", text).split()) or "?"
