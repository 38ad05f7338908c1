"""SF-Net's human annotations: lines of text, `video_id,seconds,class`.

The format is known from its repository (Flowerfan/SF-Net,
`data/Thumos14-Annotations/single_frames`): no header, blank lines between the others,
one file per annotator, actions only. SF-Net draws one of the files for each video
(`video_dataset.py`); we draw only from those that have clicks in the video.
"""

from collections.abc import Iterator

from pipeline.points.formats.document import ClickEntry, Document, parse_seconds

NAME = "SF-Net's single frames (lines of video_id,seconds,class)"


def recognises(document: Document) -> bool:
    """Check whether the first line of a document is such a click."""
    fields = document.lines[0][1].rsplit(",", 2) if document.lines else []
    try:
        return len(fields) == 3 and parse_seconds(fields[1]) >= 0
    except ValueError:
        return False


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each line; the annotator is the file's name."""
    for number, line in document.lines:
        # Split from the right, as a video's name may contain commas.
        *video, seconds, label = ["", "", *line.rsplit(",", 2)][-3:]
        yield ClickEntry(
            where=f"line {number}",
            video=video[0],
            label=label,
            start=seconds,
            annotator=document.path.stem,
        )
