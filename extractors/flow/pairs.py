"""The flow of many frames by an algorithm for two frames."""

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
    """The flow from each gray frame to the next, with several pairs in parallel.

    The threads do not compete for Python's global lock, since an algorithm spends its
    time in compiled code. The result does not depend on their number.
    """

    def __init__(
        self, make: Callable[[], PairFlow], threads: int | None = None
    ) -> None:
        """Make one algorithm per thread, since it keeps its memory between pairs."""
        self.threads = threads or os.cpu_count() or 1
        self._idle: SimpleQueue[PairFlow] = SimpleQueue()
        for _ in range(self.threads):
            self._idle.put(make())

    def __call__(self, frames: GrayFrames) -> Fields:
        """Return the fields of the N - 1 pairs of N frames."""
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
