"""The reading of a file of clicks in any known format."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import AnnotationError
from pipeline.points.formats import (
    label_studio,
    labelu,
    points_csv,
    points_json,
    single_frames,
    via,
)
from pipeline.points.formats.click import Click, ClickEntry, click_of
from pipeline.points.formats.document import Document, read_document


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
            f"{path}: expected {form.NAME}, found something else in it ({error!r}); "
            "export it again"
        ) from error
    return ClickFile(path, form.NAME, tuple(clicks), tuple(problems))
