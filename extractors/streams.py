"""Features of a video: its frames or flow fields cut into clips, and the networks."""

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

FrameImage = UInt8[np.ndarray, "height width channels"]
Clip = UInt8[np.ndarray, "frames height width channels"]
Clips = UInt8[np.ndarray, "clips frames height width channels"]
ClipFeatures = Float[np.ndarray, "clips features"]
Extractor = Callable[[Clips], ClipFeatures]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class ClipCutter:
    """A cutter of frames or flow fields into clips; it holds at most one clip.

    `tail="pad"` fills the last partial clip by repeating its last frame; "drop" leaves
    it out. A stream shorter than one clip is padded in both cases. The clips are those
    of `SnippetGrid` with the same parameters.
    """

    def __init__(
        self, length: int = 16, stride: int = 16, tail: Literal["pad", "drop"] = "pad"
    ) -> None:
        self.length, self.stride, self.tail = length, stride, tail
        self._window: list[FrameImage] = []
        self._seen = self._made = 0

    def add(self, picture: FrameImage) -> Clip | None:
        """Return the clip that this frame completes, if it completes one."""
        self._seen += 1
        if self._seen > self._made * self.stride:  # else it is between two clips
            self._window.append(picture)
        if len(self._window) < self.length:
            return None
        clip = np.stack(self._window)
        self._made += 1
        self._window = self._window[self.stride :]
        return clip

    def rest(self) -> Clip | None:
        """Return the last clip, if the end of the stream left a partial one."""
        covered = (self._made - 1) * self.stride + self.length if self._made else 0
        if not self._window or self._seen <= covered:
            return None
        if self._made and self.tail == "drop":
            return None
        repeated = [self._window[-1]] * (self.length - len(self._window))
        return np.stack(self._window + repeated)


class NetworkThreads:
    """Threads that run networks in parallel, each on one processor.

    This uses the processors better than one batch on all of them. It also makes the
    features independent of the number of processors, unlike sums that several
    processors share, whose last bit depends on it.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        # One more batch is queued, so that no thread waits.
        self._room = BoundedSemaphore(threads + 1)

    def __enter__(self) -> "NetworkThreads":
        self._torch_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._torch_threads)

    def submit(self, extractor: Extractor, clips: Clips) -> "Future[ClipFeatures]":
        """Start a batch; wait first while too many are running."""
        self._room.acquire()
        future = self._pool.submit(extractor, clips)
        future.add_done_callback(lambda _: self._room.release())
        return future


class FeatureStream:
    """The features of a stream of frames or flow fields, computed in batches of clips.

    The same clips always go through the network together, because the last bit of a
    sum can depend on the other clips of a batch.
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
        self._begun: deque[Future[ClipFeatures]] = deque()
        self._features: list[ClipFeatures] = []

    def add(self, picture: FrameImage) -> None:
        """Take the next frame or flow field."""
        self._take(self.cutter.add(picture))

    def finish(self) -> ClipFeatures:
        """Return the features of all clips, (T, D)."""
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
        # An error is raised at the next batch, not at the end of the video.
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
    """Return I3D for a stream, from clips (N, T, H, W, 3 or 2) to (N, 1024)."""
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
    """Return the network as a function of clips.

    If a batch does not fit into memory, its halves are computed one after the other.

    Raises:
        torch.OutOfMemoryError: Half a batch does not fit either.
    """

    @torch.no_grad()
    def extract(batch: Clips) -> ClipFeatures:
        features: np.ndarray = network(prepare(batch)).float().cpu().numpy()
        return features

    def extract_in_halves(batch: Clips) -> ClipFeatures:
        try:
            return extract(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        half = len(batch) // 2
        logger.warning(
            "not enough memory for %d clips at once; trying %d, then the rest",
            len(batch),
            half,
        )
        return np.concatenate([extract(batch[:half]), extract(batch[half:])])

    return extract_in_halves


def hof_extractor() -> Extractor:
    """Return the descriptor `hof`, from flow clips (N, T, H, W, 2) to (N, 1024)."""

    def extract(batch: Clips) -> ClipFeatures:
        return np.stack([hof(clip) for clip in batch])

    return extract
