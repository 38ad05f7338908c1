"""The points CSV of LACP and HR-Pro: `class,class_index,start_frame,...,point`.

The format is known from LACP's repository (Pilhyeon/
Learning-Action-Completeness-from-Points, `dataset/THUMOS14/point_gaussian` and
`thumos_features.py`). `point` is a frame, at `point / fps` seconds, of the video
`video_id`. `class_index` may be missing. `start_frame` and `stop_frame` are those of
the instance, which weak supervision does not use. All points are actions.
"""

from collections.abc import Iterator

from pipeline.points.formats.document import ClickEntry, Document
from pipeline.points.formats.points_csv import columns_of, rows_of

NAME = "a points CSV of LACP or HR-Pro (class,start_frame,stop_frame,video_id,point)"


def recognises(document: Document) -> bool:
    """Check whether the first line of a document names the columns."""
    return columns_of(document) >= {"class", "video_id", "point"}


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each row."""
    for line, row in rows_of(document.text):
        yield ClickEntry(
            where=f"line {line}",
            video=row.get("video_id"),
            label=row.get("class"),
            start=row.get("point"),
            unit="frame times",
        )
