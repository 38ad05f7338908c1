"""Extraction of one video's features by networks, from cached or streamed frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from extractors.backbones import BACKBONES
from extractors.backbones.extractor import backbone_extractor
from extractors.precision import Precision
from extractors.streams import (
    ClipCutter,
    Extractor,
    FeatureStream,
    FrameImage,
    NetworkThreads,
    hof_extractor,
    i3d_extractor,
)
from extractors.threads import worker_threads
from extractors.weights import Stream, Weights
from pipeline.errors import VideoError
from pipeline.features.config import I3D, FeatureConfig
from pipeline.features.file import Features
from pipeline.grid import SnippetGrid
from pipeline.progress import ShareDone, counted, silent
from pipeline.video import CachedFlow, CachedFrames

# Clips in a batch.
BATCH_CLIPS = {"cpu": 2, "cuda": 32}

FeaturesByStream = Mapping[Stream, Float[np.ndarray, "snippets features"]]


@dataclass(frozen=True)
class Networks:
    """The networks that make features, and the device that they run on."""

    config: FeatureConfig
    weights: Mapping[Any, Weights | None]  # by part; None means `hof`
    device: str = "cpu"

    @classmethod
    def from_json(
        cls,
        config: Mapping[str, Any],
        weights: Mapping[str, Mapping[str, str] | None],
        device: str,
    ) -> "Networks":
        """Return the networks from the plain values that a worker receives."""
        found = {
            part: Weights(Path(w["path"]), w["sha256"], w["origin"]) if w else None
            for part, w in weights.items()
        }
        return cls(FeatureConfig(**config), found, device)

    @property
    def raft(self) -> Path | None:
        """The weight file of the flow network; None if no network computes flow."""
        weights = self.weights.get("raft")
        return weights.path if weights else None


def extract_cached(
    frames: CachedFrames,
    flow: Path,
    networks: Networks,
    ready: FeaturesByStream | None = None,
    progress: ShareDone = silent,
) -> Features:
    """Extract the features (T, D) of one video from its caches.

    Args:
        frames: The cached frames.
        flow: The file of the cached flow; unused if no stream needs it.
        networks: The networks.
        ready: Streams that are already extracted.
        progress: Called with the share that is done.

    Raises:
        VideoError: Frames and flow differ in number.
    """
    with network_threads(networks.device) as threads:
        extraction = Extraction(networks, threads, ready)
        grid = extraction.grid(frames.num_frames, frames.fps, frames.start_seconds)
        count = len(extraction.making) * grid.num_frames
        for index, stream in enumerate(extraction.making):
            pictures = frames if stream == "rgb" else _flow_of(flow, grid)
            done = index * grid.num_frames
            for picture in counted(pictures, count, progress, done):
                extraction.add(stream, picture)
        return extraction.finish(grid)


def _flow_of(path: Path, grid: SnippetGrid) -> Iterator[FrameImage]:
    """Yield the quantised fields of a cached flow, one per frame."""
    with CachedFlow(path) as pictures:
        if pictures.num_frames != grid.num_frames:
            raise VideoError(
                f"{path}: expected {grid.num_frames} flow fields, one per frame, found "
                f"{pictures.num_frames}; delete the file and run again"
            )
        yield from pictures


def network_threads(device: str) -> NetworkThreads:
    """Return one thread per processor of this process, or a single one for a GPU."""
    on_cpu = torch.device(device).type == "cpu"
    return NetworkThreads(worker_threads() if on_cpu else 1)


class Extraction:
    """The features of one video while they are being extracted."""

    def __init__(
        self,
        networks: Networks,
        threads: NetworkThreads,
        ready: FeaturesByStream | None = None,
    ) -> None:
        self.networks, self.config = networks, networks.config
        self.ready = dict(ready or {})
        self.making: dict[Stream, FeatureStream] = {
            stream: self._begin(stream, threads)
            for stream in self.config.stream_names
            if stream not in self.ready
        }

    def add(self, stream: Stream, picture: FrameImage) -> None:
        """Add the next frame, or flow field, to a stream that is being extracted."""
        self.making[stream].add(picture)

    def grid(self, num_frames: int, fps: float, start_seconds: float) -> SnippetGrid:
        """Return the snippets of the video."""
        return SnippetGrid(
            num_frames=num_frames,
            fps=fps,
            snippet_frames=self.config.snippet_length,
            stride_frames=self.config.stride_frames,
            start_seconds=start_seconds,
            tail=self.config.tail,
        )

    def finish(self, grid: SnippetGrid) -> Features:
        """Finish the streams and return them concatenated."""
        columns = {
            stream: self.ready.pop(stream)
            if stream in self.ready
            else self.making.pop(stream).finish()
            for stream in self.config.stream_names
        }
        widths = {stream: part.shape[1] for stream, part in columns.items()}
        joined = np.concatenate(list(columns.values()), axis=1)
        return Features(joined, grid, widths)

    def _begin(self, stream: Stream, threads: NetworkThreads) -> FeatureStream:
        config, device = self.config, self.networks.device
        weights = self.networks.weights[stream]
        return FeatureStream(
            _extractor(stream, config.extractor, weights, device, config.precision),
            ClipCutter(config.snippet_length, config.stride_frames, config.tail),
            BATCH_CLIPS[torch.device(device).type],
            threads,
        )


@lru_cache(maxsize=2)
def _extractor(
    stream: Stream,
    name: str,
    weights: Weights | None,
    device: str,
    precision: Precision,
) -> Extractor:
    """Return a stream's network, loaded once per process."""
    if weights is None:
        return hof_extractor()
    chosen = torch.device(device)
    if stream == "flow" or name == I3D:
        return i3d_extractor(stream, weights, chosen, precision)
    return backbone_extractor(BACKBONES[name], weights, chosen, precision)
