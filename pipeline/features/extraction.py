"""Extraction of one video's features by networks, one frame at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from extractors.backbones import BACKBONES
from extractors.backbones.extractor import backbone_extractor
from extractors.streams import (
    ClipCutter,
    Extractor,
    FeatureStream,
    NetworkThreads,
    hof_extractor,
    i3d_extractor,
)
from extractors.threads import worker_threads
from extractors.weights import Stream, Weights
from pipeline.features.config import I3D, FeatureConfig
from pipeline.features.file import Features
from pipeline.grid import SnippetGrid
from pipeline.video import CachedFrames, SampledFrames

BATCH_CLIPS = {"cpu": 2, "cuda": 32}  # clips in a batch

FeaturesByStream = Mapping[Stream, Float[np.ndarray, "snippets features"]]


@dataclass(frozen=True)
class Networks:
    """The networks that make features, and the device that they run on."""

    config: FeatureConfig
    weights: Mapping[Any, Weights | None]  # by part; None means `hof`
    device: str = "cpu"


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
        config, device = networks.config, torch.device(networks.device)
        self.making: dict[Stream, FeatureStream] = {
            stream: FeatureStream(
                _extractor(stream, networks.weights[stream], config, device),
                ClipCutter(config.snippet_length, config.stride_frames, config.tail),
                BATCH_CLIPS[device.type],
                threads,
            )
            for stream in config.stream_names
            if stream not in self.ready
        }

    def finish(self, frames: CachedFrames | SampledFrames) -> Features:
        """Finish the streams and return them concatenated, after the last frame."""
        columns = {
            stream: self.ready.pop(stream)
            if stream in self.ready
            else self.making.pop(stream).finish()
            for stream in self.config.stream_names
        }
        widths = {stream: part.shape[1] for stream, part in columns.items()}
        joined = np.concatenate(list(columns.values()), axis=1)
        grid = SnippetGrid(
            num_frames=frames.num_frames,
            fps=frames.fps,
            snippet_frames=self.config.snippet_length,
            stride_frames=self.config.stride_frames,
            start_seconds=frames.start_seconds,
            tail=self.config.tail,
        )
        return Features(joined, grid, widths)


@lru_cache(maxsize=2)
def _extractor(
    stream: Stream, weights: Weights | None, config: FeatureConfig, device: torch.device
) -> Extractor:
    """Return a stream's network, loaded once per process."""
    if weights is None:
        return hof_extractor()
    if stream == "flow" or config.extractor == I3D:
        return i3d_extractor(stream, weights, device, config.precision)
    backbone = BACKBONES[config.extractor]
    return backbone_extractor(backbone, weights, device, config.precision)
