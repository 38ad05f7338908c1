"""A text file from another tool, and a click as it is written there."""

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipeline.datasets.text import read_text

# Frames are numbered from 1, as in the annotation tools, and a click is at the middle
# of its frame; "frame times" are numbers of frames from 0, each at the frame's start.
Unit = Literal["seconds", "frames", "frame times"]


@dataclass(frozen=True)
class Document:
    """A file and its text, with the original line ends."""

    path: Path
    text: str

    @cached_property
    def lines(self) -> list[tuple[int, str]]:
        """The numbers and texts of the lines that are not blank."""
        lines = enumerate(re.split(r"\r\n|\r|\n", self.text), start=1)
        return [(number, line.strip()) for number, line in lines if line.strip()]

    @cached_property
    def json(self) -> Any:
        """The content parsed as JSON; None if it is not JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # the latter from a thousand brackets
            return None

    @property
    def objects(self) -> list[Any]:
        """The elements of a JSON list; the only element if the text is no list."""
        return self.json if isinstance(self.json, list) else [self.json]

    def has_objects(self, *keys: str) -> bool:
        """Check whether there are elements, all of them objects with some keys."""
        return bool(self.objects) and all(
            isinstance(element, dict) and {*keys} <= element.keys()
            for element in self.objects
        )


@dataclass(frozen=True)
class ClickEntry:
    """A click or an interval as written in a file, not yet checked."""

    where: str  # in the file
    video: Any
    label: Any
    start: Any
    end: Any = None  # None: a single time
    unit: Unit = "seconds"
    annotator: Any = None
    kind: Any = None  # action or background, if the file has it


def read_document(path: Path) -> Document:
    """Read a text file; the errors are those of `read_text`."""
    return Document(path, read_text(path))


def parse_seconds(value: Any) -> float:
    """Parse a time from a number, numeric text or `hh:mm:ss.fff`.

    Raises:
        ValueError: If it is not a time, or is negative.

    >>> parse_seconds("2.5"), parse_seconds("00:01:02.500")
    (2.5, 62.5)
    """
    try:
        parts = [float(part) for part in str(value).split(":")]
        seconds = sum(part * 60**place for place, part in enumerate(reversed(parts)))
        clock = len(parts) == 1 or all(0 <= part < 60 for part in parts[1:])
        if not clock or len(parts) > 3 or not 0 <= seconds < math.inf:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"expected a time, such as 12.5 or 00:00:12.500, found {value!r}"
        ) from None
    return seconds
