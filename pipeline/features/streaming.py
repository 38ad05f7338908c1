"""Extraction of one video's features in a single pass, without caches.

Separate threads decode, compute flow and run the networks. Each is only a little ahead
of the next, so that memory does not grow with the length of the video.
"""

from collections.abc import Iterator
from pathlib import Path

from extractors.flow import FlowConfig, make_flow, with_flow
from extractors.streams import FrameImage
from extractors.threads import worker_threads
from extractors.weights import Stream
from pipeline.features.extraction import (
    Extraction,
    FeaturesByStream,
    Networks,
    network_threads,
)
from pipeline.features.file import Features
from pipeline.features.prefetch import prefetched
from pipeline.progress import ShareDone, silent
from pipeline.video import DecodeConfig, SampledFrames, VideoInfo, sample_frames

# Frames that are decoded, with their flow, before the networks need them: enough for
# one batch of clips while another one is in the network.
AHEAD = 48


def extract_streamed(
    video: Path,
    info: VideoInfo,
    decode: DecodeConfig,
    flow: FlowConfig,
    networks: Networks,
    ready: FeaturesByStream | None = None,
    progress: ShareDone = silent,
) -> Features:
    """Extract the features (T, D) of one video, bit for bit the same as from caches.

    Args:
        video: A file that FFmpeg reads.
        info: The result of `probe`, which may read the whole file to find its length.
        decode: How the video is decoded.
        flow: How the optical flow is computed, if a stream needs it.
        networks: The networks.
        ready: Streams that are already extracted.
        progress: Called with the share that is done.

    Raises:
        VideoError: The video cannot be read.
    """
    frames = sample_frames(video, decode)
    expected = info.duration_seconds * frames.fps
    with network_threads(networks.device) as threads:
        extraction = Extraction(networks, threads, ready)
        pictures = _pictures(frames, flow, extraction)
        for index, streams in enumerate(prefetched(pictures, AHEAD), start=1):
            for stream, picture in streams.items():
                extraction.add(stream, picture)
            progress(min(index / expected, 1.0))
        return extraction.finish(
            extraction.grid(frames.num_frames, frames.fps, frames.start_seconds)
        )


def _pictures(
    frames: SampledFrames, config: FlowConfig, extraction: Extraction
) -> Iterator[dict[Stream, FrameImage]]:
    """Yield for each frame the inputs of the streams that are being extracted."""
    decoded = prefetched(frames, AHEAD)
    if "flow" not in extraction.making:
        yield from ({s: frame for s in extraction.making} for frame in decoded)
        return
    networks = extraction.networks
    flow = make_flow(config, worker_threads(), networks.device, networks.raft)
    for frame, field in with_flow(decoded, flow):
        both: dict[Stream, FrameImage] = {"rgb": frame, "flow": field}
        yield {stream: both[stream] for stream in extraction.making}
