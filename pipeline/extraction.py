"""Features of one video, from its caches of frames and flow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch

from extractors.i3d import FEATURE_CHANNELS
from extractors.streams import (
    Extractor,
    batches,
    clips,
    hof_extractor,
    i3d_extractor,
)
from extractors.weights import Stream, Weights
from pipeline.caching import ShareDone, counted, silent
from pipeline.errors import VideoError
from pipeline.grid import SnippetGrid
from pipeline.storage import read_arrays, write_arrays
from pipeline.video import CachedFlow, CachedFrames

STREAMS: dict[str, tuple[Stream, ...]] = {
    "both": ("rgb", "flow"),
    "rgb": ("rgb",),
    "flow": ("flow",),
}
# Clips that go through a network at once.
BATCH_CLIPS = {"cpu": 2, "cuda": 32}


@dataclass(frozen=True)
class FeatureConfig:
    """How features are made of frames and flow (Sec. 6.3)."""

    streams: Annotated[
        Literal["both", "rgb", "flow"], "RGB and flow, 2048-d, or one, 1024-d"
    ] = "both"
    flow_features: Annotated[
        Literal["auto", "i3d", "hof"],
        "flow stream: I3D, a weight-free histogram of flow, or I3D if its weights "
        "are to be had",
    ] = "auto"
    snippet_frames: Annotated[int, "frames in a snippet"] = 16
    stride_frames: Annotated[int, "frames from one snippet to the next"] = 16
    tail: Annotated[
        Literal["pad", "drop"], "last partial snippet: repeat its last frame, or drop"
    ] = "pad"

    def __post_init__(self) -> None:
        if min(self.snippet_frames, self.stride_frames) < 1:
            raise ValueError(f"snippet and stride must be at least 1 frame, got {self}")


def extract_features(
    inputs: Sequence[Path],
    output: Path,
    config: Mapping[str, Any],
    weights: Mapping[str, Mapping[str, str] | None],
    device: str = "cpu",
    identities: Mapping[str, str] | None = None,
    siblings: Sequence[str] = (),
    header: Mapping[str, Any] | None = None,
    progress: ShareDone = silent,
) -> None:
    """Extract the features (T, 1024 per stream) of one video from its caches.

    Args:
        inputs: The cached frames and, for the flow stream, the cached flow.
        config: Fields of `FeatureConfig`.
        weights: By stream, the fields of `Weights`; None stands for `hof`.
        identities: By stream, a fingerprint of all that decides its features.
        siblings: Folders that may hold features of the same video; a stream of the
            same identity is taken over from there.
        header: What else the file shall say of its making.

    Raises:
        VideoError: Frames and flow do not agree.
    """
    feature_config = FeatureConfig(**config)
    with CachedFrames(inputs[0]) as frames:
        grid = feature_grid(frames, feature_config)
        source = frames.source
    caches = dict(zip(("rgb", "flow"), inputs, strict=False))
    streams = STREAMS[feature_config.streams]
    batch_clips = BATCH_CLIPS[torch.device(device).type]
    columns = []
    for index, stream in enumerate(streams):
        identity = (identities or {}).get(stream)
        features = _reused(stream, identity, source, output.name, siblings)
        if features is None:
            chosen = weights[stream]
            extractor = _extractor(stream, chosen and _weights(chosen), device)
            report = partial(_share_of, progress, index, len(streams))
            features = _extract_stream(
                stream, caches[stream], grid, extractor, batch_clips, report
            )
        columns.append(features)
    intervals = [grid.snippet_interval(i) for i in range(grid.num_snippets)]
    write_arrays(
        output,
        {
            "features": np.concatenate(columns, axis=1),
            "snippet_seconds": np.array(intervals),
        },
        {
            **(header or {}),
            "grid": grid.to_dict(),
            "streams": streams,
            "identities": identities or {},
            "weights": weights,
            "source": source,
        },
    )


def feature_grid(frames: CachedFrames, config: FeatureConfig) -> SnippetGrid:
    """The snippets of a cached video."""
    return SnippetGrid(
        num_frames=frames.num_frames,
        fps=frames.fps,
        snippet_frames=config.snippet_frames,
        stride_frames=config.stride_frames,
        start_seconds=frames.start_seconds,
        tail=config.tail,
    )


def read_features(path: Path) -> tuple[np.ndarray, SnippetGrid]:
    """Features (T, D), float32, and where their snippets lie."""
    arrays, header = read_arrays(path)
    return arrays["features"], SnippetGrid(**header["grid"])


def _extract_stream(
    stream: Stream,
    cache: Path,
    grid: SnippetGrid,
    extractor: Extractor,
    batch_clips: int,
    progress: ShareDone,
) -> np.ndarray:
    """Features (T, 1024) of one stream, one batch of clips in memory at a time."""
    opened = CachedFrames(cache) if stream == "rgb" else CachedFlow(cache)
    with opened as pictures:
        if pictures.num_frames != grid.num_frames:
            raise VideoError(
                f"{cache}: expected {grid.num_frames} pictures, one a frame, found "
                f"{pictures.num_frames}; delete the file and run again"
            )
        shown = counted(pictures, grid.num_frames, progress)
        cut = clips(shown, grid.snippet_frames, grid.stride_frames, grid.tail)
        return np.concatenate([extractor(b) for b in batches(cut, batch_clips)])


def _reused(
    stream: Stream,
    identity: str | None,
    source: Any,
    name: str,
    siblings: Sequence[str],
) -> np.ndarray | None:
    """A stream's columns from a sibling file of the same video and making, or None."""
    for path in (Path(folder, name) for folder in siblings):
        if not (identity and path.exists()):
            continue
        arrays, header = read_arrays(path)
        same = (header["identities"].get(stream), header["source"])
        if same == (identity, source):
            first = header["streams"].index(stream) * FEATURE_CHANNELS
            return arrays["features"][:, first : first + FEATURE_CHANNELS]
    return None


def _weights(fields: Mapping[str, str]) -> Weights:
    """The inverse of what JSON makes of `Weights`."""
    return Weights(Path(fields["path"]), fields["sha256"], fields["origin"])


@lru_cache(maxsize=2)
def _extractor(stream: Stream, weights: Weights | None, device: str) -> Extractor:
    """A stream's network, loaded once a process."""
    if weights is None:
        return hof_extractor()
    return i3d_extractor(stream, weights, torch.device(device))


def _share_of(progress: ShareDone, index: int, count: int, share: float) -> None:
    """Progress of part `index` of `count` equal ones."""
    progress((index + share) / count)
