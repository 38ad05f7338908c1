"""Flow of many frames from an algorithm that takes two."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
from jaxtyping import Float32, UInt8

Gray = UInt8[np.ndarray, "height width"]
Frames = UInt8[np.ndarray, "frames height width 3"]
GrayFrames = UInt8[np.ndarray, "frames height width"]
Field = Float32[np.ndarray, "height width 2"]
Fields = Float32[np.ndarray, "pairs height width 2"]
PairFlow = Callable[[Gray, Gray], Field]


class PairsFlow:
    """Flow from each gray frame to the next, several pairs side by side.

    The threads do not compete with Python's lock: an algorithm spends its time in
    compiled code. What comes out does not depend on their number.
    """

    def __init__(
        self, make: Callable[[], PairFlow], threads: int | None = None
    ) -> None:
        """One algorithm a thread, because it keeps its memory from pair to pair."""
        self.threads = threads or os.cpu_count() or 1
        self._idle: SimpleQueue[PairFlow] = SimpleQueue()
        for _ in range(self.threads):
            self._idle.put(make())

    def __call__(self, frames: GrayFrames) -> Fields:
        """Fields of N - 1 pairs of N frames."""
        count, height, width = frames.shape
        fields = np.empty((count - 1, height, width, 2), np.float32)

        def solve(index: int) -> None:
            algorithm = self._idle.get()
            try:
                fields[index] = algorithm(frames[index], frames[index + 1])
            finally:
                self._idle.put(algorithm)

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(solve, range(count - 1)))
        return fields
