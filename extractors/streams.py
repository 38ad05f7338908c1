"""From a video's pictures to its features: clips, and the networks over them."""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from extractors.conversion import load_state
from extractors.hof import hof
from extractors.i3d import InceptionI3d, build_i3d, fold_batchnorm
from extractors.precision import Precision
from extractors.preprocessing import centre_crop, flow_to_input, rgb_to_input
from extractors.weights import INPUT_CHANNELS, Stream, Weights

logger = logging.getLogger("soda")

Picture = UInt8[np.ndarray, "height width channels"]
Clip = UInt8[np.ndarray, "frames height width channels"]
Clips = UInt8[np.ndarray, "clips frames height width channels"]
Features = Float[np.ndarray, "clips features"]
Extractor = Callable[[Clips], Features]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class ClipCutter:
    """Cuts pictures that come one by one into clips; holds at most one clip.

    `tail="pad"` fills the last partial clip by repeating its last picture, "drop"
    leaves it out; a stream shorter than one clip is padded in both cases. The clips
    are those of `SnippetGrid` for the same numbers.
    """

    def __init__(
        self, length: int = 16, stride: int = 16, tail: Literal["pad", "drop"] = "pad"
    ) -> None:
        self.length, self.stride, self.tail = length, stride, tail
        self._window: list[Picture] = []
        self._seen = self._made = 0

    def add(self, picture: Picture) -> Clip | None:
        """The clip that this picture completes, if it does."""
        self._seen += 1
        if self._seen > self._made * self.stride:  # else between two clips
            self._window.append(picture)
        if len(self._window) < self.length:
            return None
        clip = np.stack(self._window)
        self._made += 1
        self._window = self._window[self.stride :]
        return clip

    def rest(self) -> Clip | None:
        """The last clip, if the end of the stream left one."""
        covered = (self._made - 1) * self.stride + self.length if self._made else 0
        if not self._window or self._seen <= covered:
            return None
        if self._made and self.tail == "drop":
            return None
        repeated = [self._window[-1]] * (self.length - len(self._window))
        return np.stack(self._window + repeated)


class NetworkThreads:
    """Threads that run networks side by side, each on one processor.

    Processors are busier than with all of them on one batch, and features do not
    depend on their number, as the last bit of a sum does that several share.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        # One batch waits, so that no thread does.
        self._room = BoundedSemaphore(threads + 1)

    def __enter__(self) -> "NetworkThreads":
        self._torch_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._torch_threads)

    def submit(self, extractor: Extractor, clips: Clips) -> "Future[Features]":
        """Begin a batch; waits while too many are under way."""
        self._room.acquire()
        future = self._pool.submit(extractor, clips)
        future.add_done_callback(lambda _: self._room.release())
        return future


class FeatureStream:
    """Features of pictures that come one by one, some clips at a time.

    The clips that go through the network together are always the same ones, because
    the last bit of a sum can depend on its neighbours.
    """

    def __init__(
        self,
        extractor: Extractor,
        cutter: ClipCutter,
        batch: int,
        threads: NetworkThreads,
    ) -> None:
        self.extractor, self.cutter, self.batch = extractor, cutter, batch
        self.threads = threads
        self._clips: list[Clip] = []
        self._begun: deque[Future[Features]] = deque()
        self._features: list[Features] = []

    def add(self, picture: Picture) -> None:
        """Take the next picture."""
        self._take(self.cutter.add(picture))

    def finish(self) -> Features:
        """The features of all clips, (T, D)."""
        self._take(self.cutter.rest())
        if self._clips:
            self._extract()
        self._features.extend(future.result() for future in self._begun)
        return np.concatenate(self._features)

    def _take(self, clip: Clip | None) -> None:
        if clip is not None:
            self._clips.append(clip)
        if len(self._clips) == self.batch:
            self._extract()

    def _extract(self) -> None:
        # What went wrong comes out at the next batch, not at the end of the video.
        while self._begun and self._begun[0].done():
            self._features.append(self._begun.popleft().result())
        self._begun.append(self.threads.submit(self.extractor, np.stack(self._clips)))
        self._clips = []


def i3d_extractor(
    stream: Stream,
    weights: Weights,
    device: torch.device,
    precision: Precision = "float32",
) -> Extractor:
    """I3D's features of a stream: clips (N, T, H, W, 3 or 2) to (N, 1024)."""
    kind = PRECISIONS[precision]
    network = build_i3d(load_state(weights), INPUT_CHANNELS[stream])
    folded: InceptionI3d = fold_batchnorm(network).to(device, kind)
    to_input = rgb_to_input if stream == "rgb" else flow_to_input

    def prepare(batch: Clips) -> Tensor:
        return to_input(centre_crop(batch)).to(device, kind)

    return network_extractor(prepare, folded.features)


def network_extractor(
    prepare: Callable[[Clips], Tensor], network: Callable[[Tensor], Tensor]
) -> Extractor:
    """A network over prepared clips; a batch for which memory is short goes in halves.

    Raises:
        torch.OutOfMemoryError: Half a batch is too much as well.
    """

    @torch.no_grad()
    def extract(batch: Clips) -> Features:
        features: np.ndarray = network(prepare(batch)).float().cpu().numpy()
        return features

    def extract_in_halves(batch: Clips) -> Features:
        try:
            return extract(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        half = len(batch) // 2
        logger.warning(
            "not enough memory for %d clips at once; trying %d, then the others",
            len(batch),
            half,
        )
        return np.concatenate([extract(batch[:half]), extract(batch[half:])])

    return extract_in_halves


def hof_extractor() -> Extractor:
    """The weight-free motion descriptor: flow clips (N, T, H, W, 2) to (N, 1024)."""

    def extract(batch: Clips) -> Features:
        return np.stack([hof(clip) for clip in batch])

    return extract
