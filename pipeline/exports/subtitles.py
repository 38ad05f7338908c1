"""SRT and WebVTT: subtitles that players show during the video."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from pipeline.detection.detections import Detection, Detections
from pipeline.exports.cues import make_cues
from pipeline.exports.media import VideoFiles
from pipeline.storage import file_name, write_text


def write_srt(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write `<id>.srt` for every video; one without detections has no cues."""
    for id, found in detections.items():
        write_text(folder / f"{file_name(id)}.srt", srt(found))


def write_vtt(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write `<id>.vtt` for every video; one without detections has no cues."""
    for id, found in detections.items():
        write_text(folder / f"{file_name(id)}.vtt", vtt(found))


def srt(found: Sequence[Detection]) -> str:
    """Return SubRip text. It has no escapes, so players decide about tags in labels.

    >>> srt([Detection("jump", 0.5, 1.0, 2.5)])
    '1\\n00:00:01,000 --> 00:00:02,500\\njump 0.500\\n\\n'
    """
    return "".join(
        f"{number}\n{_clock(cue.start_milliseconds, ',')} --> "
        f"{_clock(cue.end_milliseconds, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(make_cues(found), start=1)
    )


def vtt(found: Sequence[Detection]) -> str:
    """Return WebVTT text, in which `&`, `<` and `>` are escaped.

    >>> vtt([Detection("a < b", 0.5, 1.0, 2.5)])
    'WEBVTT\\n\\n00:00:01.000 --> 00:00:02.500\\na &lt; b 0.500\\n\\n'
    """
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_milliseconds, '.')} --> "
        f"{_clock(cue.end_milliseconds, '.')}\n{escape(cue.text, quote=False)}\n\n"
        for cue in make_cues(found)
    )


def _clock(milliseconds: int, point: str) -> str:
    """Format a time as hours (two digits or more), minutes, seconds, milliseconds."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{milliseconds:03d}"
