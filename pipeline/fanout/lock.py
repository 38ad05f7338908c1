"""One process at a time for one piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.progress import say

LOCKS = "locks"  # the folder of them, in a work folder


@contextmanager
def locked(workdir: Path, name: str) -> Iterator[None]:
    """Hold a work folder's lock of a name, waiting for whoever holds it.

    It goes with the process that holds it, however that ends.
    """
    folder = workdir / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{name}: another run in {workdir} is at it; waiting for its end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def held_locks(workdir: Path) -> list[str]:
    """The names of a work folder's locks that some process holds.

    Of somebody else's locks, which may not be opened, nothing can be known.
    """
    held = []
    for path in sorted((workdir / LOCKS).glob("*.lock")):
        lock = FileLock(path)
        try:
            with suppress(PermissionError):
                lock.acquire(timeout=0)
        except Timeout:
            held.append(path.stem)
        lock.release()
    return held


def remove_lock(path: Path) -> None:
    """Remove a lock's file, unless some process holds it."""
    lock = FileLock(path)
    with suppress(Timeout), lock.acquire(timeout=0):
        path.unlink(missing_ok=True)
