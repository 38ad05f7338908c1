"""The two caches of one video: its frames, and the optical flow between them.

Each function writes one output file atomically from the inputs of one video. The
fan-out calls them in worker processes; they can also be called directly. This module
does not import PyTorch, which would take longer than a short video.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from extractors.flow import FlowConfig, flow_fields, make_flow
from extractors.threads import worker_threads
from pipeline.errors import VideoError
from pipeline.intervals import beyond_end
from pipeline.progress import ShareDone, counted, silent
from pipeline.video import (
    CachedFrames,
    DecodeConfig,
    VideoInfo,
    decode_video,
    probe,
    write_flow,
)


def decode(
    inputs: Sequence[Path],
    output: Path,
    config: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Decode one video into a lossless cache (see `pipeline.video`).

    Raises:
        VideoError: It cannot be read, or has annotations beyond its end.
    """
    decode_config = DecodeConfig(**config)
    info = check_annotations(inputs[0], last_annotated_seconds)
    expected = info.duration_seconds * (decode_config.fps or info.fps)
    decode_video(
        inputs[0], output, decode_config, lambda frames: progress(frames / expected)
    )


def check_annotations(path: Path, last_annotated_seconds: float) -> VideoInfo:
    """Probe a video and check its annotations before any work on it.

    Raises:
        VideoError: It cannot be read, or has annotations beyond its end.
    """
    info = probe(path)
    if beyond := beyond_end(last_annotated_seconds, info.duration_seconds):
        raise VideoError(
            f"{path}: the last annotation {beyond}; correct the annotation, or check "
            "that this is the video that was annotated"
        )
    return info


def compute_flow(
    inputs: Sequence[Path],
    output: Path,
    config: Mapping[str, Any],
    device: str = "cpu",
    raft_weights: str | None = None,
    progress: ShareDone = silent,
) -> None:
    """Compute the optical flow of cached frames and cache it losslessly."""
    with CachedFrames(inputs[0]) as frames:
        flow_config = FlowConfig(**config)
        shown = counted(frames, frames.num_frames, progress)
        weights = Path(raft_weights) if raft_weights else None
        flow = make_flow(flow_config, worker_threads(), device, weights)
        fields = flow_fields(shown, flow)
        write_flow(output, fields, frames.fps, {"flow": asdict(flow_config)})
