"""Files that are written whole or not at all, and fingerprints for their paths."""

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from extractors.atomic import TEMPORARY_PREFIX, atomic_path
from extractors.atomic import disk_full as disk_full
from extractors.atomic import existing_folder as existing_folder
from extractors.atomic import is_full as is_full
from extractors.atomic import writing as writing
from pipeline.errors import SodaError, UsageError

HEADER_KEY = "soda"
# Text that spreadsheet programs run as a formula, or that `cell_of` has marked.
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def remove_temporaries(folder: Path, name: str = "*") -> None:
    """Remove the temporary files that killed writers left, in subfolders too.

    No process may be writing files of that name at the same time.
    """
    for path in folder.rglob(f"{TEMPORARY_PREFIX}{name}"):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write the rows of a CSV file atomically."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        csv.writer(file).writerows(map(cell_of, row) for row in rows)


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    cells = (map(cell_of, row) for row in rows)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def cell_of(value: Any) -> Any:
    """Return a value as a cell of a CSV file, with a mark before text like a formula.

    Spreadsheet programs would run a label such as `=HYPERLINK(...)`. Numbers stay.

    >>> cell_of("=1+1"), cell_of("'=1+1"), cell_of("jump"), cell_of(-1.5)
    ("'=1+1", "''=1+1", 'jump', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def text_of(cell: str) -> str:
    """Return the text that `cell_of` has turned into a cell.

    >>> text_of("'=1+1"), text_of("''=1+1"), text_of("-1.5"), text_of("'tis")
    ('=1+1', "'=1+1", '-1.5', "'tis")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def write_json(path: Path, value: Any) -> None:
    """Write a human-readable JSON file atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file that `write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write named arrays and a header as safetensors, atomically.

    The header is one string of JSON under one key: safetensors writes several keys in
    random order, so that equal content would give different files.
    """
    header = {HEADER_KEY: json.dumps(metadata, ensure_ascii=False)}
    contiguous = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
    with atomic_path(path) as temporary:
        save_file(contiguous, temporary, metadata=header)


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read the arrays and the header that `write_arrays` wrote.

    Raises:
        SodaError: The file is broken.
    """
    with whole_safetensors(path), safe_open(path, framework="numpy") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return arrays, _header(file.metadata())


def read_header(path: Path) -> dict[str, Any]:
    """Read only the header of a file that `write_arrays` wrote.

    Raises:
        SodaError: The file is broken.
    """
    with whole_safetensors(path), safe_open(path, framework="numpy") as file:
        return _header(file.metadata())


@contextmanager
def whole_safetensors(path: Path) -> Iterator[None]:
    """Name the file in the error if reading it fails.

    Raises:
        SodaError: The file is broken.
    """
    try:
        yield
    except SafetensorError as error:
        raise SodaError(
            f"{path}: expected a whole safetensors file, found a broken one ({error}); "
            "delete it and run the same command again to recreate it"
        ) from error


def _header(metadata: dict[str, str] | None) -> dict[str, Any]:
    header: dict[str, Any] = json.loads((metadata or {}).get(HEADER_KEY, "{}"))
    return header


def plain(value: Any) -> Any:
    """Convert dataclasses, paths and tuples to values for JSON.

    >>> plain({"a": (1, 2)})
    {'a': [1, 2]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def fingerprint(value: Any) -> str:
    """Return a short hash of parameters that does not depend on the order of the keys.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_stamp(path: Path | str) -> tuple[int, int] | tuple[None, None]:
    """Return the size in bytes and modification time of a file; None if unavailable."""
    try:
        status = os.stat(path)
    except OSError:
        return None, None
    return status.st_size, status.st_mtime_ns


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stay_inside(path: Path, folder: Path) -> Path:
    """Return a path in a folder that may come from a stranger.

    Raises:
        UsageError: It is a link that leads out of the folder.
    """
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{path}: expected a file in {folder}, found a link to {path.resolve()}, "
            "which is not followed; give the folder that it leads to, or copy the file"
        )
    return path


def describe_source(path: Path, duration_seconds: float) -> dict[str, Any]:
    """Return the identity of a video, by content, for the files derived from it."""
    return {
        "name": path.name,
        "size": path.stat().st_size,
        "sha256": sha256_of(path),
        "duration": duration_seconds,
    }


def file_name(id: str) -> str:
    """Return a video's id as a file name, readable if possible.

    >>> file_name("video test/1")
    'video test%2F1'
    """
    return quote(id, safe=" ()[]{}+,;=@&'!#$^~").replace("%20", " ")
