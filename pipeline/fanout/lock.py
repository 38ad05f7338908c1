"""One run at a time for one piece of work."""

import errno
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipeline.progress import say
from pipeline.storage import writing

# Of file systems that know no locks, as some clusters' do.
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

LOCKS = "locks"  # the folder of them, in a work folder


@contextmanager
def locked(workdir: Path, name: str) -> Iterator[int]:
    """Hold a work folder's lock of a name, waiting for whoever holds it.

    It goes with the processes that hold it, however they end: this one, and those that
    inherit the file descriptor that is given.
    """
    with _open(workdir, name) as file:
        if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            say(f"{name}: another run in {workdir} is at it; waiting for its end")
            _take(file, fcntl.LOCK_EX)
        yield file.fileno()


def share(workdir: Path, content: str, end_others: Callable[[], None]) -> IO[str]:
    """Use a work folder beside runs of the same content, and not beside others.

    Args:
        workdir: The work folder.
        content: Says what it is that must be the same.
        end_others: Called when the content was another one; ends what outlives the
            processes of its runs.

    Returns:
        What holds the lock until it is closed, at the latest with this process.
    """
    file = _open(workdir, "content")
    _take(file, fcntl.LOCK_SH)
    while not _holds(file, content):
        if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            say(
                f"{workdir}: another run uses it with other videos, annotations, "
                "clicks or --cache; waiting for its end (or choose another --workdir)"
            )
            _take(file, fcntl.LOCK_EX)
        end_others()
        with writing(Path(file.name)):
            file.truncate(0)
            file.write(content)
            file.flush()
        # Between the two locks, another run may have come first.
        _take(file, fcntl.LOCK_SH)
    return file


def held_locks(workdir: Path) -> list[str]:
    """The names of a work folder's locks that some process holds.

    Of somebody else's locks, which may not be opened, nothing can be known.
    """
    held = []
    for path in sorted((workdir / LOCKS).glob("*.lock")):
        with suppress(PermissionError), path.open("a+", encoding="utf-8") as file:
            if not _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                held.append(path.stem)
    return held


def remove_lock(path: Path) -> None:
    """Remove a lock's file, unless some process holds it."""
    with path.open("a+", encoding="utf-8") as file:
        if _take(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            path.unlink(missing_ok=True)


def _holds(file: IO[str], content: str) -> bool:
    file.seek(0)
    return file.read() == content


def _open(workdir: Path, name: str) -> IO[str]:
    path = workdir / LOCKS / f"{name}.lock"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")


def _take(file: IO[str], kind: int) -> bool:
    """Whether the lock was to be had."""
    try:
        fcntl.flock(file, kind)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        say(f"{file.name}: no locks on this disk; let no two runs write to it at once")
    return True
