"""Files that are written whole or not at all, and fingerprints for their paths."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pipeline.errors import SodaError

TEMPORARY_PREFIX = ".tmp-"
HEADER_KEY = "soda"
SMALLEST_FREE_BYTES = 4096  # with less, a failed write means a full disk
FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, and rename it after the block.

    The temporary name keeps the suffix, because libraries choose formats by it. If the
    block fails, the temporary file is removed and `path` is untouched. If it succeeds,
    the file is on the disk and survives a crash of the machine.

    Raises:
        SodaError: The disk is full or not writable; the message says where.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=TEMPORARY_PREFIX, suffix=f"-{path.name}", dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Flush the renames in a folder to the disk, if the system supports it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_temporaries(folder: Path, name: str = "*") -> None:
    """Remove the temporary files that killed writers left, in subfolders too.

    No process may be writing files of that name at the same time.
    """
    for path in folder.rglob(f"{TEMPORARY_PREFIX}{name}"):
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name the disk if the block cannot write for lack of space or permission.

    Raises:
        SodaError: The disk is full or not writable.
    """
    try:
        yield
    except Exception as error:
        if _says_disk_full(error, path):
            raise disk_full(path) from error
        if isinstance(error, OSError) and error.errno in CLOSED:
            folder = existing_folder(path.parent)
            if not os.access(folder, os.W_OK):
                raise SodaError(
                    f"{path}: expected a folder that can be written, found {folder} "
                    f"(“{error.strerror}”); change its permissions or choose another "
                    "--workdir"
                ) from error
        raise


def _says_disk_full(error: Exception, path: Path) -> bool:
    """Return whether a write failed for lack of space.

    safetensors puts the system's error into its own text; PyTorch hides it altogether.
    """
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if any(os.strerror(code) in str(error) for code in FULL):
        return True
    return is_full(path.parent)


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder has no space left for a file."""
    return shutil.disk_usage(existing_folder(folder)).free < SMALLEST_FREE_BYTES


def existing_folder(folder: Path) -> Path:
    """Return the folder, or its nearest parent that exists."""
    return next(p for p in (folder.resolve() / "x").parents if p.exists())


def disk_full(path: Path) -> SodaError:
    """Return the error for a full disk, the same for every write that can fail."""
    return SodaError(
        f"{path}: the disk that holds {path.parent} is full; free some space or "
        f"choose another --workdir, then run the same command again"
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
