"""Files that are written whole or not at all, and fingerprints for their paths."""

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, is_dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from extractors.atomic import TEMPORARY_PREFIX, atomic_path
from extractors.atomic import disk_full as disk_full
from extractors.atomic import existing_folder as existing_folder
from extractors.atomic import is_full as is_full
from extractors.atomic import writing as writing
from extractors.errors import DamagedFileError, UsageError, reading
from pipeline.layout import FINGERPRINT
from pipeline.progress import say

HEADER_KEY = "soda"
RECORD = "done.json"  # of the stage that filled a folder
WRITTEN = "written.jsonl"  # beside files that workers wrote: the proof of each
INPUTS = "inputs.json"  # beside such files: the state of what each was made from
SEAL = "seal"  # the key of the digest that a JSON file holds of its own content

Proof = list[Any]  # the size of a file in bytes, and its SHA-256, as JSON holds them
Proofs = Mapping[str, Proof | None]  # by path in a folder; None: not known
ESCAPED = "backslashreplace"
LONGEST_NAME = 200  # bytes; file systems allow 255, with prefix and suffix
# What a name cannot contain, what marks temporary files, and what looks escaped.
UNFIT = re.compile(
    rf"^{re.escape(TEMPORARY_PREFIX)}|[/\x00-\x1f\x7f\ud800-\udfff]|%(?=[0-9A-F]{{2}})"
)
# Text that spreadsheet programs run as a formula, or that `cell_of` has marked.
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def remove_temporaries(folder: Path, name: str = "*") -> None:
    """Remove the temporary files that killed writers left, in subfolders too.

    No process may be writing files of that name at the same time.
    """
    for path in folder.rglob(f"{TEMPORARY_PREFIX}{name}"):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically.

    UTF-8 has no code for half of a surrogate pair, which other systems' JSON may hold;
    it is written as an escape such as `\\ud800`, which is the same in JSON.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=ESCAPED)


def write_csv(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write the rows of a CSV file atomically."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors=ESCAPED) as file,
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
    """Read a JSON file that `write_json` wrote.

    Raises:
        DamagedFileError: The file is broken.
    """
    content = path.read_bytes()
    with parsing(path, "JSON"):
        return json.loads(content)


def read_json_if_whole(path: Path) -> Any:
    """Read a JSON file that is written anew in any case; None if missing or broken.

    A broken file is named.
    """
    try:
        return read_json(path)
    except FileNotFoundError:
        return None
    except DamagedFileError as error:
        tell_damage(error)
        return None


def tell_damage(error: DamagedFileError) -> None:
    """Name a damaged file that the run makes again by itself."""
    say(f"{error.path}: {error.damage}; it is made again")


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that holds a digest of its own content."""
    write_json(path, {**content, SEAL: _seal(content)})


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Read a file of `write_sealed`; None if it is missing or was changed.

    A changed file is named. One without a seal, as older versions wrote it, is
    accepted. A file is parsed once for as long as it does not change.
    """
    stamp = file_stamp(path)
    return None if stamp[0] is None else _unsealed(path, stamp)


@lru_cache(maxsize=64)
def _unsealed(path: Path, stamp: Any) -> dict[str, Any] | None:
    content = read_json_if_whole(path)
    if content is None:
        return None
    seal = content.pop(SEAL, None) if isinstance(content, dict) else ""
    if seal in (None, _seal(content)):
        return content
    tell_damage(DamagedFileError(path, "its content was changed after it was written"))
    return None


def _seal(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def prove(path: Path) -> Proof:
    """Return the proof of a file, by which damage to it is noticed later."""
    return [path.stat().st_size, sha256_of(path)]


def note_written(path: Path) -> None:
    """Keep the proof of a file that was just written, until a record has it."""
    line = json.dumps([path.name, prove(path)]) + "\n"
    with writing(path), (path.parent / WRITTEN).open("a", encoding="utf-8") as file:
        file.write(line)  # by one call, so that workers do not mix their lines


def proof_of(path: Path) -> Proof | None:
    """Return the proof of a file, from its stage's record or a worker's note.

    None means that nothing is known: the file is not ours, or from an older version.
    """
    folder, name = path.parent, path.name
    owner = folder.parent / RECORD, f"{folder.name}/{name}"
    places = [(folder / WRITTEN, name), (folder / RECORD, name), owner]
    if FINGERPRINT.fullmatch(path.stem):
        places.append((path.with_suffix(".json"), name))
    for place, key in places:
        if proof := _proofs_in(place, file_stamp(place)).get(key):
            return proof
    return None


@lru_cache(maxsize=64)
def _proofs_in(path: Path, stamp: tuple[Any, Any]) -> Proofs:
    if stamp[0] is None:
        return {}
    if path.name != WRITTEN:
        record = (read_sealed(path) or {}).get("record") or {}
        return record.get("files") or {}
    found = {}
    for line in path.read_bytes().splitlines():
        with suppress(ValueError, TypeError):  # a line that a kill cut short
            name, proof = json.loads(line)
            found[name] = proof
    return found


def check_whole(path: Path) -> None:
    """Compare a file with its proof before its content is used.

    A file is read once for as long as it does not change.

    Raises:
        DamagedFileError: The file is not as it was written.
    """
    proof, stamp = proof_of(path), file_stamp(path)
    if proof and stamp[0] is not None and (found := _proof(path, stamp)) != proof:
        raise DamagedFileError(path, difference_of(proof, found))


@cache
def _proof(path: Path, stamp: Any) -> Proof:
    return prove(path)


def difference_of(proof: Proof, found: Proof) -> str:
    """Say how a file differs from its proof."""
    if proof[0] != found[0]:
        return f"expected {proof[0]} bytes as they were written, found {found[0]}"
    return (
        f"expected the content that was written (SHA-256 {proof[1][:12]}), found "
        f"another one ({found[1][:12]})"
    )


def sizes_in(folder: Path | str, prefix: str = "") -> dict[str, int]:
    """Return the bytes of all files in a folder and below it, by path in the folder.

    Temporary files and symbolic links are left out.
    """
    found: dict[str, int] = {}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() or entry.name.startswith(TEMPORARY_PREFIX):
                continue
            if entry.is_dir():
                found |= sizes_in(entry.path, f"{prefix}{entry.name}/")
            else:
                found[prefix + entry.name] = entry.stat().st_size
    return found


def changed_sizes(folder: Path) -> list[Path]:
    """Return the files of a folder that differ in size from their proofs."""
    places = [folder / RECORD, folder / WRITTEN]
    record, noted = (_proofs_in(place, file_stamp(place)) for place in places)
    sizes = sizes_in(folder)
    return [
        folder / name
        for name, proof in {**record, **noted}.items()
        if proof and sizes.get(name, proof[0]) != proof[0]
    ]


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
        DamagedFileError: The file is broken.
    """
    with whole(path), safe_open(path, framework="numpy") as file:
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return arrays, _header(file.metadata())


def read_header(path: Path) -> dict[str, Any]:
    """Read only the header of a file that `write_arrays` wrote, without its proof.

    Raises:
        DamagedFileError: The file is broken.
    """
    with parsing(path), safe_open(path, framework="numpy") as file:
        return _header(file.metadata())


def parsing(path: Path, kind: str = "a whole file") -> AbstractContextManager[None]:
    """Name a file of ours if reading it fails.

    Raises:
        DamagedFileError: The file is broken.
    """
    damage = f"expected {kind} as this program wrote it, found a broken one"
    return reading(lambda why: DamagedFileError(path, f"{damage} ({why})"))


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Name a file of ours if it differs from its proof, or if reading it fails.

    Raises:
        DamagedFileError: The file is broken.
    """
    check_whole(path)
    with parsing(path):
        yield


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
    except (OSError, ValueError):  # the second, if no file can have that name
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
    """Return the name of a video's files in a work folder, in ASCII.

    >>> file_name("video test/1")
    'video test%2F1'
    """
    name = quote(id, safe=" ()[]{}+,;=@&'!#$^~", errors="surrogatepass")
    if name.startswith(TEMPORARY_PREFIX):
        name = name.replace(".", "%2E", 1)
    return _short(name)


def shown_name(id: str) -> str:
    """Return the name of a file that people put next to a video: its id, if possible.

    >>> shown_name("vidéo/1")
    'vidéo%2F1'
    """
    return _short(UNFIT.sub(lambda found: _quote_all(found[0]), id))


def _quote_all(text: str) -> str:
    codes = text.encode("utf-8", "surrogatepass")
    return "".join(f"%{code:02X}" for code in codes)


def _short(name: str) -> str:
    """Replace the end of a name that is too long for a file by a hash."""
    encoded = name.encode()
    if len(encoded) <= LONGEST_NAME:
        return name
    kept = encoded[: LONGEST_NAME - 13].decode(errors="ignore")
    return f"{kept}-{fingerprint(name)}"


def comparable(name: str) -> str:
    """Return a name in one Unicode form, as names that look the same are the same.

    Macs write an accent as a character of its own (NFD), other systems do not (NFC).
    """
    return unicodedata.normalize("NFC", name)
