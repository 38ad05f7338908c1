"""SRT and WebVTT: subtitles that players show during the video."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pipeline.detection.detections import Detection, Detections
from pipeline.exports.media import VideoFiles
from pipeline.storage import write_text

# Characters that XML forbids and that no text needs.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Cue:
    """A text on screen during [start, end); never empty, never before 0."""

    start_milliseconds: int
    end_milliseconds: int
    label: str
    text: str  # label and score

    def times(self, point: str) -> str:
        """Return the line of a subtitle that says when it is shown."""
        start, end = self.start_milliseconds, self.end_milliseconds
        return f"{_clock(start, point)} --> {_clock(end, point)}"


def make_cues(found: Sequence[Detection]) -> list[Cue]:
    """Return the cues of one video by time; among equal times, the best first."""
    cues = []
    for d in sorted(found, key=lambda d: (d.start_seconds, d.end_seconds, -d.score)):
        start = max(0, round(d.start_seconds * 1000))
        end = max(start + 1, round(d.end_seconds * 1000))
        label = one_line(d.label)
        cues.append(Cue(start, end, label, f"{label} {d.score:.3f}"))
    return cues


def one_line(text: str) -> str:
    """Turn a text into one line that every player and parser accepts; never empty.

    >>> one_line("long\\n jump")
    'long jump'
    """
    return " ".join(UNPRINTABLE.sub("", text).split()) or "?"


def write_srt(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write a file named like each video; one without detections has no cues."""
    for id, found in detections.items():
        write_text(folder / f"{media.name_of(id)}.srt", srt(found))


def write_vtt(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write a file named like each video; one without detections has no cues."""
    for id, found in detections.items():
        write_text(folder / f"{media.name_of(id)}.vtt", vtt(found))


def srt(found: Sequence[Detection]) -> str:
    """Return SubRip text. It has no escapes, so players decide about tags in labels.

    >>> srt([Detection("jump", 0.5, 1.0, 2.5)])
    '1\\n00:00:01,000 --> 00:00:02,500\\njump 0.500\\n\\n'
    """
    cues = enumerate(make_cues(found), start=1)
    return "".join(f"{n}\n{cue.times(',')}\n{cue.text}\n\n" for n, cue in cues)


def vtt(found: Sequence[Detection]) -> str:
    """Return WebVTT text, in which `&`, `<` and `>` are escaped.

    >>> vtt([Detection("a < b", 0.5, 1.0, 2.5)])
    'WEBVTT\\n\\n00:00:01.000 --> 00:00:02.500\\na &lt; b 0.500\\n\\n'
    """
    return "WEBVTT\n\n" + "".join(
        f"{cue.times('.')}\n{escape(cue.text, quote=False)}\n\n"
        for cue in make_cues(found)
    )


def _clock(milliseconds: int, point: str) -> str:
    """Format a time as hours (two digits or more), minutes, seconds, milliseconds."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{milliseconds:03d}"
