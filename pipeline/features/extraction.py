"""Features of one video, whether its pictures come from caches or from a stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch

from extractors.backbones import BACKBONES
from extractors.backbones.extractor import backbone_extractor
from extractors.precision import Precision
from extractors.streams import (
    ClipCutter,
    Extractor,
    FeatureStream,
    NetworkThreads,
    Picture,
    hof_extractor,
    i3d_extractor,
)
from extractors.weights import Stream, Weights
from pipeline.device import choose_device
from pipeline.errors import SodaError, VideoError
from pipeline.fanout import worker_threads
from pipeline.grid import SnippetGrid
from pipeline.progress import ShareDone, silent
from pipeline.storage import fingerprint, read_arrays, write_arrays
from pipeline.video import CachedFlow, CachedFrames
from pipeline.video.caching import counted

I3D = "i3d"
I3D_FRAMES = 16  # in a snippet (Sec. 6.3)
# Clips that go through a network at once.
BATCH_CLIPS = {"cpu": 2, "cuda": 32}


@dataclass(frozen=True)
class FeatureConfig:
    """How features are made of frames and flow (Sec. 6.3)."""

    extractor: Annotated[
        str, f"network of the RGB stream: {I3D} or one of {', '.join(BACKBONES)}"
    ] = I3D
    streams: Annotated[
        Literal["auto", "both", "rgb", "flow"],
        "which features stand side by side; auto: both of I3D, RGB of others",
    ] = "auto"
    flow_features: Annotated[
        Literal["auto", "i3d", "hof"],
        "flow stream: I3D, a weight-free histogram of flow, or I3D if its weights "
        "are to be had",
    ] = "auto"
    precision: Annotated[
        Precision, "of the networks; bfloat16 is twice as fast where there is AMX"
    ] = "float32"
    snippet_frames: Annotated[
        int, "frames in a snippet; 0: as many as the extractor learned from, I3D 16"
    ] = 0
    stride_frames: Annotated[int, "frames from one snippet to the next"] = 16
    tail: Annotated[
        Literal["pad", "drop"], "last partial snippet: repeat its last frame, or drop"
    ] = "pad"

    def __post_init__(self) -> None:
        if self.extractor not in (I3D, *BACKBONES):
            raise ValueError(
                f"extractor must be one of {I3D}, {', '.join(BACKBONES)}, got "
                f"{self.extractor!r}"
            )
        if self.snippet_frames < 0 or self.stride_frames < 1:
            raise ValueError(
                f"a snippet must have 1 frame or more, or 0 for the extractor's own, "
                f"and a stride 1 or more; got {self.snippet_frames} and "
                f"{self.stride_frames}"
            )

    @property
    def stream_names(self) -> tuple[Stream, ...]:
        """The streams that stand side by side."""
        chosen = self.streams
        if chosen == "auto":
            chosen = "both" if self.extractor == I3D else "rgb"
        return ("rgb", "flow") if chosen == "both" else (chosen,)

    @property
    def snippet_length(self) -> int:
        """Frames in a snippet."""
        own = (
            I3D_FRAMES
            if self.extractor == I3D
            else BACKBONES[self.extractor].snippet_frames
        )
        return self.snippet_frames or own


@dataclass(frozen=True)
class Recipe:
    """How a run makes features; plain values, as a job's file can hold them."""

    config: Mapping[str, Any]  # fields of `FeatureConfig`
    weights: Mapping[str, Mapping[str, str] | None]  # of `Weights`; None is `hof`
    device: str = "cpu"
    # By stream, a fingerprint of all that decides its features, and folders that may
    # hold features of the same video: a stream of the same identity is taken over.
    identities: Mapping[str, str] = field(default_factory=dict)
    siblings: Sequence[str] = ()
    header: Mapping[str, Any] = field(default_factory=dict)  # what else a file says


def extract_features(
    inputs: Sequence[Path],
    output: Path,
    recipe: Mapping[str, Any],
    progress: ShareDone = silent,
) -> None:
    """Extract the features (T, D) of one video from its caches.

    Args:
        inputs: The cached frames and, for the flow stream, the cached flow.
        output: The file to write, safetensors.
        recipe: Fields of `Recipe`.

    Raises:
        VideoError: Frames and flow do not agree.
    """
    chosen = Recipe(**recipe)
    with CachedFrames(inputs[0]) as frames, network_threads(chosen.device) as threads:
        extraction = Extraction(chosen, frames.source, output, threads)
        grid = extraction.grid(frames.num_frames, frames.fps, frames.start_seconds)
        count = len(extraction.making) * grid.num_frames
        for index, stream in enumerate(extraction.making):
            pictures = frames if stream == "rgb" else _flow_of(inputs[-1], grid)
            done = index * grid.num_frames
            for picture in counted(pictures, count, progress, done):
                extraction.add(stream, picture)
        extraction.write(grid)


def _flow_of(path: Path, grid: SnippetGrid) -> Iterator[Picture]:
    """The pictures of a cached flow, one a frame."""
    with CachedFlow(path) as pictures:
        if pictures.num_frames != grid.num_frames:
            raise VideoError(
                f"{path}: expected {grid.num_frames} pictures, one a frame, found "
                f"{pictures.num_frames}; delete the file and run again"
            )
        yield from pictures


def network_threads(device: str) -> NetworkThreads:
    """One for each processor that this process may use; a GPU takes one."""
    on_cpu = torch.device(device).type == "cpu"
    return NetworkThreads(worker_threads() if on_cpu else 1)


class Extraction:
    """The features of one video while they are being made."""

    def __init__(
        self,
        recipe: Recipe,
        source: Mapping[str, Any],
        output: Path,
        threads: NetworkThreads,
    ) -> None:
        """Look for streams that are ready; `source` says which video it is."""
        self.recipe, self.source, self.output = recipe, source, output
        self.config = FeatureConfig(**recipe.config)
        self.threads = threads
        self.ready: dict[Stream, np.ndarray] = {}
        self.making: dict[Stream, FeatureStream] = {}
        for stream in self.config.stream_names:
            features = self._reused(stream)
            if features is None:
                self.making[stream] = self._begin(stream)
            else:
                self.ready[stream] = features

    def add(self, stream: Stream, picture: Picture) -> None:
        """Take the next picture of a stream that is in the making."""
        self.making[stream].add(picture)

    def grid(self, num_frames: int, fps: float, start_seconds: float) -> SnippetGrid:
        """The snippets of the video."""
        return SnippetGrid(
            num_frames=num_frames,
            fps=fps,
            snippet_frames=self.config.snippet_length,
            stride_frames=self.config.stride_frames,
            start_seconds=start_seconds,
            tail=self.config.tail,
        )

    def write(self, grid: SnippetGrid) -> None:
        """Finish the streams and write the file."""
        columns = {
            stream: self.ready.pop(stream)
            if stream in self.ready
            else self.making.pop(stream).finish()
            for stream in self.config.stream_names
        }
        widths = {stream: features.shape[1] for stream, features in columns.items()}
        features = np.concatenate(list(columns.values()), axis=1)
        del columns  # of hours of video, they would double what is held
        intervals = [grid.snippet_interval(i) for i in range(grid.num_snippets)]
        write_arrays(
            self.output,
            {"features": features, "snippet_seconds": np.array(intervals)},
            {
                **self.recipe.header,
                "grid": grid.to_dict(),
                "widths": widths,
                "identities": self.recipe.identities,
                "weights": self.recipe.weights,
                "source": self.source,
            },
        )

    def _begin(self, stream: Stream) -> FeatureStream:
        config, device = self.config, self.recipe.device
        chosen = self.recipe.weights[stream]
        weights = chosen and _weights(chosen)
        return FeatureStream(
            _extractor(stream, config.extractor, weights, device, config.precision),
            ClipCutter(config.snippet_length, config.stride_frames, config.tail),
            BATCH_CLIPS[torch.device(device).type],
            self.threads,
        )

    def _reused(self, stream: Stream) -> np.ndarray | None:
        """A stream's columns from a sibling file of the same video and making."""
        identity = self.recipe.identities.get(stream)
        for path in (Path(f, self.output.name) for f in self.recipe.siblings):
            if not (identity and path.exists()):
                continue
            arrays, header = read_arrays(path)
            same = (header["identities"].get(stream), header["source"])
            if same == (identity, self.source):
                widths: dict[str, int] = header["widths"]
                edges = np.cumsum(list(widths.values()))[:-1]
                columns = np.split(arrays["features"], edges, axis=1)
                return dict(zip(widths, columns, strict=True))[stream]
        return None


def read_features(
    path: Path, made_by: Mapping[str, Any] | None = None
) -> tuple[np.ndarray, SnippetGrid]:
    """Features (T, D), float32, and where their snippets lie.

    Args:
        path: A file that the features stage wrote.
        made_by: What the features must have been made by; None takes any.

    Raises:
        SodaError: They were made in another way.
    """
    arrays, header = read_arrays(path)
    if made_by is not None and header["made_by"] != made_by:
        raise SodaError(
            f"{path}: expected features with the fingerprint {fingerprint(made_by)}, "
            f"found {fingerprint(header['made_by'])}; they differ in "
            f"{difference(made_by, header['made_by'])}. Delete the file and run the "
            "same command again to make it anew"
        )
    return arrays["features"], SnippetGrid(**header["grid"])


def difference(expected: Any, found: Any, name: str = "") -> str:
    """Where two JSON values differ, for a message.

    >>> difference({"fps": 25, "flow": {"warps": 5}}, {"fps": 25, "flow": {"warps": 1}})
    'flow.warps (expected 5, found 1)'
    """
    if not (isinstance(expected, Mapping) and isinstance(found, Mapping)):
        return f"{name} (expected {expected}, found {found})"
    return ", ".join(
        difference(expected.get(key), found.get(key), f"{name}.{key}".strip("."))
        for key in sorted({*expected, *found})
        if expected.get(key) != found.get(key)
    )


def _weights(fields: Mapping[str, str]) -> Weights:
    """The inverse of what JSON makes of `Weights`."""
    return Weights(Path(fields["path"]), fields["sha256"], fields["origin"])


@lru_cache(maxsize=2)
def _extractor(
    stream: Stream,
    name: str,
    weights: Weights | None,
    device: str,
    precision: Precision,
) -> Extractor:
    """A stream's network, loaded once a process."""
    if weights is None:
        return hof_extractor()
    chosen = choose_device(device)
    if stream == "flow" or name == I3D:
        return i3d_extractor(stream, weights, chosen, precision)
    return backbone_extractor(BACKBONES[name], weights, chosen, precision)
