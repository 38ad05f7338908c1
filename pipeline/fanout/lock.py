"""One process at a time for one piece of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.progress import say


@contextmanager
def locked(workdir: Path, name: str) -> Iterator[None]:
    """Hold a work folder's lock of a name, waiting for whoever holds it.

    It goes with the process that holds it, however that ends.
    """
    folder = workdir / "locks"
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
