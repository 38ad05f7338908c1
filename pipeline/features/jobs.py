"""The work of the features stage on one video, as workers receive it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from extractors.flow import FlowConfig
from extractors.weights import Stream
from pipeline.features.extraction import FeaturesByStream, Networks, extract_cached
from pipeline.features.file import write_features
from pipeline.features.streaming import extract_streamed
from pipeline.progress import ShareDone, silent
from pipeline.storage import read_arrays
from pipeline.video import CachedFrames, DecodeConfig, describe_source
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
        return Networks.from_json(self.config, self.weights, self.device)


def extract_features(
    inputs: Sequence[Path],
    output: Path,
    recipe: Mapping[str, Any],
    progress: ShareDone = silent,
) -> None:
    """Extract the features of one video from its caches, and write them.

    Args:
        inputs: The cached frames and, for the flow stream, the cached flow.
        output: The file to write, safetensors.
        recipe: Fields of `Recipe`.
        progress: Called with the share that is done.

    Raises:
        VideoError: Frames and flow differ in number.
    """
    chosen = Recipe(**recipe)
    with CachedFrames(inputs[0]) as frames:
        source, networks = frames.source, chosen.networks
        ready = ready_streams(chosen, networks.config.stream_names, output.name, source)
        found = extract_cached(frames, inputs[-1], networks, ready, progress)
    write_features(
        output, found, source, chosen.made_by, chosen.identities, chosen.weights
    )


def stream_features(
    inputs: Sequence[Path],
    output: Path,
    decode: Mapping[str, Any],
    flow: Mapping[str, Any] | None,
    recipe: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Extract the features of one video in a single pass, and write them.

    Args:
        inputs: The video.
        output: The file to write, safetensors.
        decode: Fields of `DecodeConfig`.
        flow: Fields of `FlowConfig`; None if no stream is made from flow.
        recipe: Fields of `Recipe`.
        last_annotated_seconds: The last time in the annotations of the video.
        progress: Called with the share that is done.

    Raises:
        VideoError: The video cannot be read, or annotations are beyond its end.
    """
    chosen, video = Recipe(**recipe), inputs[0]
    info = check_annotations(video, last_annotated_seconds)
    source, networks = describe_source(video), chosen.networks
    found = extract_streamed(
        video,
        info,
        DecodeConfig(**decode),
        FlowConfig(**flow or {}),
        networks,
        ready_streams(chosen, networks.config.stream_names, output.name, source),
        progress,
    )
    write_features(
        output, found, source, chosen.made_by, chosen.identities, chosen.weights
    )


def ready_streams(
    recipe: Recipe, streams: Sequence[Stream], name: str, source: Mapping[str, Any]
) -> FeaturesByStream:
    """Return the streams of a video that other runs have already extracted.

    Args:
        recipe: The parameters of this run's features, and the folders of other runs.
        streams: The streams to look for.
        name: The name of the video's file in each folder.
        source: The description of the video, which a reused file must share.
    """
    found: dict[Stream, np.ndarray] = {}
    for path in (Path(folder, name) for folder in recipe.siblings):
        if path.exists() and (left := [s for s in streams if s not in found]):
            arrays, header = read_arrays(path)
            if header["source"] == source:
                columns = _columns(arrays["features"], header["widths"])
                for stream in left:
                    own = recipe.identities.get(stream)
                    if own and header["identities"].get(stream) == own:
                        found[stream] = columns[stream]
    return found


def _columns(features: np.ndarray, widths: Mapping[str, int]) -> dict[str, np.ndarray]:
    edges = np.cumsum(list(widths.values()))[:-1]
    return dict(zip(widths, np.split(features, edges, axis=1), strict=True))
