"""Locks that let only one run do a piece of work at a time."""

import errno
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipeline.progress import say
from pipeline.storage import writing

# The errors of file systems without locks, which some clusters have.
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

LOCKS = "locks"  # their folder in a work folder


@contextmanager
def locked(workdir: Path, name: str) -> Iterator[int]:
    """Hold a named lock of a work folder; wait while another process holds it.

    The lock is released when all its holders have ended, however they end: this process
    and those that inherit the yielded file descriptor.
    """
    with _open(workdir, name) as file:
        if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            say(
                f"{name}: another run in {workdir} is already doing this; waiting for "
                "it to end"
            )
            _take(file, fcntl.LOCK_EX)
        yield file.fileno()


def share(workdir: Path, content: str, end_others: Callable[[], None]) -> IO[str]:
    """Share a work folder with runs of the same content only.

    If the content has changed, `end_others` is called to end the work that outlives the
    processes of earlier runs. The open file that is returned holds the lock until it is
    closed or this process ends.
    """
    file = _open(workdir, "content")

    def holds_content() -> bool:
        file.seek(0)
        return file.read() == content

    _take(file, fcntl.LOCK_SH)
    while not holds_content():
        if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            say(
                f"{workdir}: another run uses it with other videos, annotations, "
                "clicks or --cache; waiting for it to end (or choose another --workdir)"
            )
            _take(file, fcntl.LOCK_EX)
        end_others()
        with writing(Path(file.name)):
            file.truncate(0)
            file.write(content)
            file.flush()
        # Between the two locks, another run may have taken the folder.
        _take(file, fcntl.LOCK_SH)
    return file


def held_locks(workdir: Path) -> list[str]:
    """Return the names of a work folder's locks that some process holds.

    Lock files of other users that cannot be opened are left out.
    """
    held = []
    for path in sorted((workdir / LOCKS).glob("*.lock")):
        with suppress(PermissionError), path.open("a+", encoding="utf-8") as file:
            if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                held.append(path.stem)
    return held


def remove_lock(path: Path) -> None:
    """Remove the file of a lock, unless some process holds it."""
    with path.open("a+", encoding="utf-8") as file:
        if _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            path.unlink(missing_ok=True)


def _open(workdir: Path, name: str) -> IO[str]:
    path = workdir / LOCKS / f"{name}.lock"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")


def _take(file: IO[str], kind: int) -> bool:
    """Take a lock; return False if it is held and `kind` says not to wait."""
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        say(f"{file.name}: no locks on this disk; use it for one run at a time")
    return True
