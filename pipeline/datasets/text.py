"""The reading of text and JSON, written by users on any system."""

import codecs
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extractors.errors import reading
from pipeline.errors import AnnotationError


def read_text(path: Path) -> str:
    """Read a file in UTF-8 or, with a byte-order mark, in UTF-16; keep its line ends.

    Raises:
        AnnotationError: If it cannot be read, or has another encoding.
    """
    try:
        content = path.read_bytes()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(
            f"{path}: expected text in UTF-8, found the byte "
            f"0x{error.object[error.start]:02x} at {error.start}; save the file in "
            "UTF-8"
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
    with reading(lambda why: AnnotationError(f"{where}: expected JSON, found {why}")):
        return json.loads(text, object_pairs_hook=_reject_duplicate_keys)


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"duplicate ids or keys: {', '.join(twice)}")
    return dict(pairs)


def json_path(steps: Sequence[str | int]) -> str:
    """Write the path of a value in a JSON document.

    >>> json_path(["videos", 3, "subset"])
    '$.videos[3].subset'
    """
    return "$" + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps)


def shorten(message: str) -> str:
    """Cut the middle out of a long message, which quotes a long value.

    >>> len(shorten(f"{'x' * 999} is not of type 'object'"))
    205
    """
    return message if len(message) <= 200 else f"{message[:100]} ... {message[-100:]}"
