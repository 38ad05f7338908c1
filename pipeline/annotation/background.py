"""Work that a page waits for, while the server answers."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.errors import SodaError
from pipeline.progress import ShareDone

T = TypeVar("T")


@dataclass
class State(Generic[T]):
    """How far something in the making has come."""

    share: float = 0.0
    result: T | None = None
    error: str | None = None

    def waiting(self) -> dict[str, Any]:
        """What the page is told meanwhile: the share that is done, or the error."""
        return {"share": self.share} if self.error is None else {"error": self.error}


class InTheBackground(Generic[T]):
    """Makes one thing a video when it is first asked for, one after the other."""

    def __init__(self, make: Callable[[int, ShareDone], T]) -> None:
        """`make` is given the number of the video, and whom to tell the share done."""
        self._make = make
        self._states: dict[int, State[T]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)
        self._is_closed = False

    def ask(self, number: int) -> State[T]:
        """How far the thing of a video has come; begins it if nobody has asked yet."""
        with self._lock:
            if number not in self._states:
                self._states[number] = State()
                self._pool.submit(self._run, number, self._states[number])
            return self._states[number]

    def close(self) -> None:
        """Begin nothing more, and break off what is in the making."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def _run(self, number: int, state: State[T]) -> None:
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
