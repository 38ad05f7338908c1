"""Extraction of one video's features in a single pass, without caches.

Separate threads decode, compute flow and run the networks. Each is only a little ahead
of the next, so that memory does not grow with the length of the video.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

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
from pipeline.progress import ShareDone, silent
from pipeline.video import DecodeConfig, SampledFrames, probe

T = TypeVar("T")

END: Any = object()

# Frames that are decoded, with their flow, before the networks need them: enough for
# one batch of clips while another one is in the network.
AHEAD = 48


def extract_streamed(
    video: Path,
    decode: DecodeConfig,
    flow: FlowConfig,
    networks: Networks,
    ready: FeaturesByStream | None = None,
    progress: ShareDone = silent,
) -> Features:
    """Extract the features (T, D) of one video, bit for bit the same as from caches.

    Streams that are `ready` are taken as they are.

    Raises:
        VideoError: The video cannot be read.
    """
    frames = SampledFrames(video, decode)
    expected = probe(video).duration_seconds * frames.fps
    with network_threads(networks.device) as threads:
        extraction = Extraction(networks, threads, ready)
        pictures = _pictures(frames, flow, extraction)
        for index, streams in enumerate(prefetched(pictures, AHEAD), start=1):
            for stream, picture in streams.items():
                extraction.making[stream].add(picture)
            progress(min(index / expected, 1.0))
        return extraction.finish(frames)


def _pictures(
    frames: SampledFrames, config: FlowConfig, extraction: Extraction
) -> Iterator[dict[Stream, FrameImage]]:
    """Yield for each frame the inputs of the streams that are being extracted."""
    decoded = prefetched(frames, AHEAD)
    if "flow" not in extraction.making:
        yield from ({s: frame for s in extraction.making} for frame in decoded)
        return
    networks = extraction.networks
    raft = networks.weights.get("raft")
    weights = raft.path if raft else None
    flow = make_flow(config, worker_threads(), networks.device, weights)
    for frame, field in with_flow(decoded, flow):
        both: dict[Stream, FrameImage] = {"rgb": frame, "flow": field}
        yield {stream: both[stream] for stream in extraction.making}


def prefetched(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yield items that another thread makes, up to `depth` of them ahead.

    An error is raised in place of the item that caused it.

    >>> list(prefetched(range(4), depth=2))
    [0, 1, 2, 3]
    """
    iterator = iter(items)
    thread = ThreadPoolExecutor(1)
    try:
        ahead = deque(thread.submit(next, iterator, END) for _ in range(depth))
        while (item := ahead.popleft().result()) is not END:
            ahead.append(thread.submit(next, iterator, END))
            yield item
    finally:
        thread.shutdown(cancel_futures=True)
