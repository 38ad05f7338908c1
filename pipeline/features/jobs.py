"""The work on one video of the features stage, as workers are given it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from extractors.flow import FlowConfig
from extractors.weights import Stream
from pipeline.features.extraction import Columns, Networks, extract_cached
from pipeline.features.file import write_features
from pipeline.features.streaming import extract_streamed
from pipeline.progress import ShareDone, silent
from pipeline.storage import read_arrays
from pipeline.video import CachedFrames, DecodeConfig, describe_source
from pipeline.video.caching import check_annotations


@dataclass(frozen=True)
class Recipe:
    """How a run makes features: plain values, as a job's file can hold them."""

    config: Mapping[str, Any]  # fields of `FeatureConfig`
    weights: Mapping[str, Mapping[str, str] | None]  # of `Weights`; None is `hof`
    device: str = "cpu"
    # By stream, a fingerprint of all that decides its features, and folders that may
    # hold features of the same video: a stream of the same identity is reused.
    identities: Mapping[str, str] = field(default_factory=dict)
    siblings: Sequence[str] = ()
    made_by: Mapping[str, Any] = field(default_factory=dict)  # all parameters

    @property
    def networks(self) -> Networks:
        """The networks, typed."""
        return Networks.from_json(self.config, self.weights, self.device)


def extract_features(
    inputs: Sequence[Path],
    output: Path,
    recipe: Mapping[str, Any],
    progress: ShareDone = silent,
) -> None:
    """Write the features of one video, made from its caches.

    Args:
        inputs: The cached frames and, for the flow stream, the cached flow.
        output: The file to write, safetensors.
        recipe: Fields of `Recipe`.
        progress: Called with the share that is done.

    Raises:
        VideoError: Frames and flow do not agree.
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
    """Write the features of one video, made in a single pass.

    Args:
        inputs: The video.
        output: The file to write, safetensors.
        decode: Fields of `DecodeConfig`.
        flow: Fields of `FlowConfig`; None if no stream is made from flow.
        recipe: Fields of `Recipe`.
        last_annotated_seconds: The last time in the annotations of the video.
        progress: Called with the share that is done.

    Raises:
        VideoError: It cannot be read, or its annotations lie beyond its end.
    """
    chosen, video = Recipe(**recipe), inputs[0]
    check_annotations(video, last_annotated_seconds)
    source, networks = describe_source(video), chosen.networks
    found = extract_streamed(
        video,
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
) -> Columns:
    """Return the streams of a video that other runs have already extracted.

    Args:
        recipe: How this run makes features, and the folders of others.
        streams: The streams to look for.
        name: The video's file in each folder.
        source: Says which video it is.
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
