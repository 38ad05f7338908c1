"""A text file from another tool."""

import codecs
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import AnnotationError


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
        except ValueError:
            return None


def read_document(path: Path) -> Document:
    """Read a text file in UTF-8 or, with a byte-order mark, in UTF-16.

    Raises:
        AnnotationError: If it has another encoding.
    """
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return Document(path, content.decode("utf-16" if wide else "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise AnnotationError(
            f"{path}: expected text in UTF-8, found other bytes ({error}); save the "
            "file in UTF-8"
        ) from error
