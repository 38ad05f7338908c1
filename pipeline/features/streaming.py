"""Features of one video in a single pass, without a cache of frames or flow.

A thread decodes, others compute flow, others run the networks; each is a little ahead
of the next, so that memory does not grow with the length of the video.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from extractors.flow import FlowConfig, make_flow, with_flow
from extractors.streams import Picture
from extractors.weights import Stream
from pipeline.fanout import worker_threads
from pipeline.features.extraction import Extraction, Recipe, network_threads
from pipeline.features.prefetch import prefetched
from pipeline.progress import ShareDone, silent
from pipeline.video import DecodeConfig, SampledFrames, describe_source, sample_frames
from pipeline.video.caching import check_annotations

# Pictures that are decoded, and have their flow, before the networks want them:
# enough for one batch of clips while another one is in the network.
AHEAD = 48


def stream_features(
    inputs: Sequence[Path],
    output: Path,
    decode: Mapping[str, Any],
    flow: Mapping[str, Any] | None,
    recipe: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Extract the features (T, D) of one video, to the last bit those of caches.

    Args:
        inputs: The video.
        output: The file to write, safetensors.
        decode: Fields of `DecodeConfig`.
        flow: Fields of `FlowConfig`; None where no stream is made of flow.
        recipe: Fields of `Recipe`.

    Raises:
        VideoError: It cannot be read, or its annotations lie beyond its end.
    """
    info = check_annotations(inputs[0], last_annotated_seconds)
    frames = sample_frames(inputs[0], DecodeConfig(**decode))
    expected = info.duration_seconds * frames.fps
    chosen, source = Recipe(**recipe), describe_source(inputs[0])
    with network_threads(chosen.device) as threads:
        extraction = Extraction(chosen, source, output, threads)
        pictures = _pictures(frames, FlowConfig(**flow or {}), extraction)
        for index, streams in enumerate(prefetched(pictures, AHEAD), start=1):
            for stream, picture in streams.items():
                extraction.add(stream, picture)
            progress(min(index / expected, 1.0))
        extraction.write(
            extraction.grid(frames.num_frames, frames.fps, frames.start_seconds)
        )


def _pictures(
    frames: SampledFrames, config: FlowConfig, extraction: Extraction
) -> Iterator[dict[Stream, Picture]]:
    """At each frame the pictures of the streams that are in the making."""
    decoded = prefetched(frames, AHEAD)
    if "flow" not in extraction.making:
        yield from ({s: frame for s in extraction.making} for frame in decoded)
        return
    recipe = extraction.recipe
    raft = recipe.weights.get("raft")
    weights = Path(raft["path"]) if raft else None
    flow = make_flow(config, worker_threads(), recipe.device, weights)
    for frame, field in with_flow(decoded, flow):
        both: dict[Stream, Picture] = {"rgb": frame, "flow": field}
        yield {stream: both[stream] for stream in extraction.making}
