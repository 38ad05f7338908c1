"""Text and JSON that somebody else wrote, on whatever system."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.errors import AnnotationError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; a byte-order mark and Windows' line ends are let pass.

    Raises:
        AnnotationError: It may not be read, or holds another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(
            f"{path}: expected text in UTF-8, found the byte "
            f"0x{error.object[error.start]:02x} at {error.start}; save it as UTF-8"
        ) from error
    except OSError as error:
        raise AnnotationError(
            f"{path}: expected a file to read, found “{error.strerror}”; see who may "
            "read it"
        ) from error


def parse_json(where: str, text: str) -> Any:
    """Parse JSON in which two videos of one id must not shadow each other.

    Raises:
        AnnotationError: It is not JSON, or names a key twice in one object; the
            message begins with `where` it stands.
    """
    try:
        return json.loads(text, object_pairs_hook=_reject_duplicate_keys)
    except ValueError as error:
        raise AnnotationError(f"{where}: expected JSON, found {error}") from error


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"duplicate id(s) or key(s): {', '.join(twice)}")
    return dict(pairs)
