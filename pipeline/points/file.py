"""The points file: one row a click, `video_id,seconds,label,kind`."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.datasets import Point
from pipeline.errors import AnnotationError
from pipeline.storage import atomic_path

FIELDS = ["video_id", "seconds", "label", "kind"]


def write_points(path: Path, points: Mapping[str, Sequence[Point]]) -> None:
    """Write the clicks of all videos, in the order given."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for id, clicks in points.items():
            for point in clicks:
                writer.writerow([id, point.seconds, point.label, point.kind])


def read_points(path: Path) -> dict[str, list[Point]]:
    """Read a points file; videos without clicks are not in it.

    Raises:
        AnnotationError: A row lacks a field or its time is no number; the message
            gives the line.
    """
    points: dict[str, list[Point]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                point = Point(float(row["seconds"]), row["label"])
                points.setdefault(row["video_id"], []).append(point)
            except (KeyError, TypeError, ValueError) as error:
                raise AnnotationError(
                    f"{path}, line {line}: expected {','.join(FIELDS)}, found {row}"
                ) from error
    return points
