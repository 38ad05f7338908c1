"""The points file: CSV with one row per click, `video_id,seconds,label,kind`.

`kind` is action or background. It may be left out, as it follows from the label.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from extractors.errors import reading
from pipeline.datasets import Point
from pipeline.errors import AnnotationError
from pipeline.points.formats.document import ClickEntry, Document, read_document
from pipeline.storage import check_whole, text_of, write_csv

NAME = "a points CSV (video_id,seconds,label)"
FIELDS = ["video_id", "seconds", "label", "kind"]


def recognises(document: Document) -> bool:
    """Check whether the first line of a document names the columns."""
    return columns_of(document) >= set(FIELDS) - {"kind"}


def columns_of(document: Document) -> set[str]:
    """Return the names that the first line of a document has."""
    header = document.lines[0][1].split(",") if document.lines else []
    return {name.strip(' "') for name in header}


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each row."""
    for line, row in rows_of(document.text):
        yield ClickEntry(
            where=f"line {line}",
            video=row.get("video_id"),
            label=row.get("label"),
            start=row.get("seconds"),
            kind=row.get("kind"),
        )


def rows_of(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the fields of each row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""))
    filled = (row for row in reader if any(cell.strip() for cell in row))
    header = [name.strip() for name in next(filled, [])]
    for row in filled:
        yield reader.line_num, dict(zip(header, map(text_of, row), strict=False))


def write_points(path: Path, points: Mapping[str, Sequence[Point]]) -> None:
    """Write the clicks of all videos, in the order given."""
    rows = [
        [id, point.seconds, point.label, point.kind]
        for id, clicks in points.items()
        for point in clicks
    ]
    write_csv(path, [FIELDS, *rows])


def read_points(path: Path) -> dict[str, list[Point]]:
    """Read a file of `write_points`, which lacks videos without clicks.

    Raises:
        DamagedFileError: If it was changed after it was written.
        AnnotationError: If a row lacks a field or its time is not a number. The message
            gives the line.
    """
    check_whole(path)
    points: dict[str, list[Point]] = {}
    with reading(lambda why: AnnotationError(f"{path}: expected CSV, found {why}")):
        for line, row in rows_of(read_document(path).text):
            try:
                point = Point(float(row["seconds"]), row["label"])
                points.setdefault(row["video_id"], []).append(point)
            except (KeyError, ValueError) as error:
                raise AnnotationError(
                    f"{path}, line {line}: expected {','.join(FIELDS)}, found {row}"
                ) from error
    return points
