"""The reading of text, JSON and class names, written by users on any system."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import BACKGROUND
from pipeline.errors import AnnotationError, UsageError


def read_text(path: Path) -> str:
    """Read a UTF-8 file, which may have a byte-order mark and Windows line ends.

    Raises:
        AnnotationError: If it cannot be read, or has another encoding.
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
            f"{path}: expected a readable file, found “{error.strerror}”; check its "
            "permissions"
        ) from error


def parse_json(where: str, text: str) -> Any:
    """Parse JSON and refuse duplicate keys, where one video would hide another.

    Messages begin with `where`, the place of the text.

    Raises:
        AnnotationError: If it is not JSON, or has a key twice in one object.
    """
    try:
        return json.loads(text, object_pairs_hook=_reject_duplicate_keys)
    except ValueError as error:
        raise AnnotationError(f"{where}: expected JSON, found {error}") from error


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"duplicate ids or keys: {', '.join(twice)}")
    return dict(pairs)


def parse_classes(text: str) -> tuple[str, ...]:
    """Parse names separated by commas, or read them from a text file, one per line.

    Raises:
        UsageError: If a name is reserved or repeated, or if there is none.

    >>> parse_classes("pour, stir")
    ('pour', 'stir')
    """
    path = Path(text)
    given = read_text(path).splitlines() if path.is_file() else text.split(",")
    names = tuple(name.strip() for name in given if name.strip())
    if not names or BACKGROUND in names or len(set(names)) < len(names):
        raise UsageError(
            f"--classes {text}: expected distinct names of actions, separated by "
            f"commas or one per line in a file; leave out {BACKGROUND!r}, which is "
            "always available"
        )
    return names
