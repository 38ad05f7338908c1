"""Background work that the page polls for while the server answers requests."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.errors import SodaError
from pipeline.progress import ShareDone

T = TypeVar("T")


@dataclass
class Computation(Generic[T]):
    """The progress of one computation, and its result or error once it has ended."""

    share: float = 0.0
    result: T | None = None
    error: str | None = None

    def waiting(self) -> dict[str, Any]:
        """Return what the page receives meanwhile: the share done, or the error."""
        return {"share": self.share} if self.error is None else {"error": self.error}


class InTheBackground(Generic[T]):
    """A worker that makes one result per video, on first request and one at a time."""

    def __init__(self, make: Callable[[int, ShareDone], T]) -> None:
        """Make results from a video's number and a callback for the share done."""
        self._make = make
        self._states: dict[int, Computation[T]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)
        self._is_closed = False

    def ask(self, number: int) -> Computation[T]:
        """Return the state of a video's result; the first call starts the work."""
        with self._lock:
            if number not in self._states:
                self._states[number] = Computation()
                self._pool.submit(self._run, number, self._states[number])
            return self._states[number]

    def close(self) -> None:
        """Start nothing more, and interrupt the work in progress."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def _run(self, number: int, state: Computation[T]) -> None:
        def told(share: float) -> None:
            if self._is_closed:
                raise InterruptedError("the page is closed")
            state.share = share

        try:
            state.result = self._make(number, told)
        except SodaError as error:
            state.error = str(error)
        except Exception as error:
            state.error = f"{type(error).__name__}: {error}"
