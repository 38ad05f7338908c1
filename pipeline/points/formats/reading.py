"""Reading a file of clicks in whichever form it has."""

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
from pipeline.points.formats.click import Click, Entry, click_of
from pipeline.points.formats.document import Document, read_document


class Format(Protocol):
    """A module for one form."""

    NAME: str

    def recognises(self, document: Document) -> bool:
        """Whether a file has this form, by its content."""

    def entries(self, document: Document) -> Iterator[Entry]:
        """The clicks of a file that has it."""


FORMATS: tuple[Format, ...] = (
    points_csv,
    points_json,
    single_frames,
    labelu,
    via,
    label_studio,
)


# What a reader runs into where a file is not made as its first lines promise.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, csv.Error)


@dataclass(frozen=True)
class ClickFile:
    """What a file holds."""

    path: Path
    format: str
    clicks: tuple[Click, ...]
    problems: tuple[str, ...]  # entries that are no clicks, each with its place


def read_click_file(path: Path) -> ClickFile:
    """Read a file of clicks; its form is recognised by its content.

    Raises:
        AnnotationError: It has none of the forms known, or not all of one.
    """
    document = read_document(path)
    form = next((f for f in FORMATS if f.recognises(document)), None)
    if form is None:
        known = "".join(f"\n  {f.NAME}" for f in FORMATS)
        raise AnnotationError(
            f"{path}: expected clicks in one of the forms below, found none of them in "
            f"{document.text[:60]!r}; convert the file to the first{known}"
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
            "export it anew"
        ) from error
    return ClickFile(path, form.NAME, tuple(clicks), tuple(problems))
