"""Files that appear whole or not at all, and stay when the power is lost."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from extractors.errors import SodaError

TEMPORARY_PREFIX = ".tmp-"
LONGEST_END = 50  # characters of a name, of up to four bytes each
SMALLEST_FREE_BYTES = 4096  # with less, a failure to write is taken for a full disk
FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
ELSEWHERE = "choose another --workdir"


@contextmanager
def atomic_path(path: Path, elsewhere: str = ELSEWHERE) -> Iterator[Path]:
    """Yield a temporary path next to `path`, renamed to it when the block succeeds.

    The temporary name keeps the suffix, because libraries choose formats by it.
    When the block fails, the temporary file is removed and `path` is untouched. When
    it succeeds, the file survives a crash of the machine.

    Args:
        path: The file to write.
        elsewhere: How the user chooses another folder, for error messages.

    Raises:
        SodaError: The disk is full or not writable; the message says where.
    """
    with writing(path, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only the end of the name, as file systems limit its length.
        name = f"{TEMPORARY_PREFIX}{uuid4().hex[:8]}-{path.name[-LONGEST_END:]}"
        temporary = path.with_name(name)
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        # Libraries may replace the file by one that only its owner can read.
        mode = os.fstat(handle).st_mode & 0o777
        os.close(handle)
        try:
            yield temporary
            temporary.chmod(mode)
            rename_durably(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def rename_durably(source: Path, target: Path) -> None:
    """Rename a file, its content written to the disk first, within one disk."""
    with source.open("rb+") as file:
        os.fsync(file.fileno())
    source.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a loss of power, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def writing(path: Path, elsewhere: str = ELSEWHERE) -> Iterator[None]:
    """Name the disk if a block cannot write a file for lack of space or permission.

    Raises:
        SodaError: The disk is full or not writable.
    """
    try:
        yield
    except Exception as error:
        if _says_disk_full(error, path):
            raise disk_full(path, elsewhere) from error
        if isinstance(error, OSError) and error.errno in CLOSED:
            folder = existing_folder(path.parent)
            if not os.access(folder, os.W_OK):
                raise SodaError(
                    f"{path}: expected a folder that can be written, found {folder} "
                    f"(“{error.strerror}”); change its permissions or {elsewhere}"
                ) from error
        raise


def _says_disk_full(error: Exception, path: Path) -> bool:
    """Return whether a failure to write is due to a full disk.

    safetensors puts the system's error into its text; PyTorch hides it altogether.
    """
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if any(os.strerror(code) in str(error) for code in FULL):
        return True
    return is_full(path.parent)


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder has no space left for a file."""
    free = shutil.disk_usage(existing_folder(folder)).free
    return free < SMALLEST_FREE_BYTES or has_most_files(folder)


def has_most_files(folder: Path) -> bool:
    """Return whether the disk of a folder can hold no further file, however small.

    File systems that set no limit report 0 files in all.
    """
    status = os.statvfs(existing_folder(folder))
    return status.f_files > 0 and status.f_favail == 0


def existing_folder(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next(p for p in (folder.resolve() / "x").parents if p.exists())


def disk_full(path: Path, elsewhere: str = ELSEWHERE) -> SodaError:
    """Return the error for a full disk, the same for everything that notices it."""
    need = "delete some files" if has_most_files(path.parent) else "free some space"
    return SodaError(
        f"{path}: the disk that holds {path.parent} is full; {need} or "
        f"{elsewhere}, then run the same command again"
    )
