"""The work of the features stage on one video, as workers receive it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from extractors.flow import FlowConfig
from extractors.streams import FrameImage
from extractors.weights import Stream, Weights
from pipeline.errors import DamagedFileError, VideoError
from pipeline.features.config import FeatureConfig
from pipeline.features.extraction import (
    Extraction,
    FeaturesByStream,
    Networks,
    network_threads,
)
from pipeline.features.file import Features, columns_by_stream, write_features
from pipeline.features.streaming import extract_streamed
from pipeline.progress import ShareDone, counted, silent
from pipeline.storage import describe_source, read_arrays
from pipeline.video import CachedFlow, CachedFrames, DecodeConfig
from pipeline.video.caching import check_annotations


@dataclass(frozen=True)
class Recipe:
    """The parameters of a run's features, as plain values for a job's file."""

    config: Mapping[str, Any]  # fields of `FeatureConfig`
    weights: Mapping[str, Mapping[str, str] | None]  # of `Weights`; None means `hof`
    device: str = "cpu"
    # A fingerprint by stream of everything that its features depend on, and folders of
    # other runs: a stream of the same video with the same fingerprint is reused.
    identities: Mapping[str, str] = field(default_factory=dict)
    siblings: Sequence[str] = ()
    made_by: Mapping[str, Any] = field(default_factory=dict)  # all parameters

    @property
    def networks(self) -> Networks:
        """The networks as a typed object."""
        weights = {
            part: Weights(Path(w["path"]), w["sha256"], w["origin"]) if w else None
            for part, w in self.weights.items()
        }
        return Networks(FeatureConfig(**self.config), weights, self.device)

    def ready_streams(self, name: str, source: Mapping[str, Any]) -> FeaturesByStream:
        """Return the streams of a video that other runs have already extracted.

        Args:
            name: The name of the video's file in the folder of each run.
            source: The description of the video, which a reused file must share.
        """
        found: dict[Stream, np.ndarray] = {}
        streams = self.networks.config.stream_names
        for path in (Path(folder, name) for folder in self.siblings):
            if path.exists() and (left := [s for s in streams if s not in found]):
                try:
                    arrays, header = read_arrays(path)
                except DamagedFileError:  # its own run will make it again
                    continue
                if header["source"] == source:
                    columns = columns_by_stream(arrays["features"], header["widths"])
                    for stream in left:
                        own = self.identities.get(stream)
                        if own and header["identities"].get(stream) == own:
                            found[stream] = columns[stream]
        return found

    def write(
        self, output: Path, features: Features, source: Mapping[str, Any]
    ) -> None:
        """Write the features of a video, with everything that they were made by."""
        made_of = self.made_by, self.identities, self.weights
        write_features(output, features, source, *made_of)


def extract_features(
    inputs: Sequence[Path],
    output: Path,
    recipe: Mapping[str, Any],
    progress: ShareDone = silent,
) -> None:
    """Write the features of one video, extracted from its caches, as safetensors.

    Args:
        inputs: The cached frames and, for the flow stream, the cached flow.
        recipe: Fields of `Recipe`.

    Raises:
        VideoError: Frames and flow differ in number.
    """
    chosen = Recipe(**recipe)
    with CachedFrames(inputs[0]) as frames, network_threads(chosen.device) as threads:
        ready = chosen.ready_streams(output.name, frames.source)
        extraction = Extraction(chosen.networks, threads, ready)
        count = frames.num_frames
        total = len(extraction.making) * count
        for index, (stream, making) in enumerate(extraction.making.items()):
            pictures = frames if stream == "rgb" else _flow_of(inputs[-1], count)
            for picture in counted(pictures, total, progress, index * count):
                making.add(picture)
        chosen.write(output, extraction.finish(frames), frames.source)


def _flow_of(path: Path, num_frames: int) -> Iterator[FrameImage]:
    """Yield the quantised fields of a cached flow, one per frame."""
    with CachedFlow(path) as pictures:
        if pictures.num_frames != num_frames:
            raise VideoError(
                f"{path}: expected {num_frames} flow fields, one per frame, found "
                f"{pictures.num_frames}; delete the file and run again"
            )
        yield from pictures


def stream_features(
    inputs: Sequence[Path],
    output: Path,
    decode: Mapping[str, Any],
    flow: Mapping[str, Any] | None,
    recipe: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Write the features of one video, extracted in a single pass, as safetensors.

    Args:
        inputs: The video.
        decode: Fields of `DecodeConfig`.
        flow: Fields of `FlowConfig`; None if no stream is made from flow.
        recipe: Fields of `Recipe`.

    Raises:
        VideoError: The video cannot be read, or annotations are beyond its end.
    """
    chosen, video = Recipe(**recipe), inputs[0]
    info = check_annotations(video, last_annotated_seconds)
    source = describe_source(video, info.duration_seconds)
    found = extract_streamed(
        video,
        DecodeConfig(**decode),
        FlowConfig(**flow or {}),
        chosen.networks,
        chosen.ready_streams(output.name, source),
        progress,
    )
    chosen.write(output, found, source)
