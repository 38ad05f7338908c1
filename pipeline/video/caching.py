"""The two lossless caches of one video: its frames, and the flow between them.

Each function writes one output file, whole or not at all, which any player shows. The
fan-out calls `decode` and `compute_flow` in worker processes. This module does not
import PyTorch, which would take longer than a short video.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from extractors.flow import FlowConfig, flow_fields, make_flow
from extractors.threads import worker_threads
from pipeline.errors import VideoError
from pipeline.intervals import beyond_end
from pipeline.progress import ShareDone, counted, silent
from pipeline.storage import atomic_path, describe_source
from pipeline.video.cached import CachedFrames
from pipeline.video.lossless import GRAY, RGB, FlowField, fill_header, write_pictures
from pipeline.video.probe import VideoInfo, probe
from pipeline.video.sampling import DecodeConfig, SampledFrames, simple_fraction


def decode(
    inputs: Sequence[Path],
    output: Path,
    config: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Write the sampled frames of a video to a cache, with the same bytes each time.

    Raises:
        VideoError: The video cannot be used, or has annotations beyond its end.
        SodaError: The disk is full.
    """
    info = check_annotations(inputs[0], last_annotated_seconds)
    frames = SampledFrames(inputs[0], DecodeConfig(**config))
    shown = frames.watched(progress, info.duration_seconds)
    with atomic_path(output) as temporary:
        write_pictures(temporary, shown, frames.rate, RGB)
        header = {
            "source": describe_source(inputs[0], info.duration_seconds),
            "fps": frames.fps,
            "width": frames.width,
            "height": frames.height,
            "start_seconds": frames.start_seconds,
            "num_frames": frames.num_frames,
            "warnings": frames.warnings,
        }
        fill_header(temporary, header)


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
    """Compute the optical flow of cached frames and write it to a cache."""
    with CachedFrames(inputs[0]) as frames:
        flow_config = FlowConfig(**config)
        shown = counted(frames, frames.num_frames, progress)
        weights = Path(raft_weights) if raft_weights else None
        flow = make_flow(flow_config, worker_threads(), device, weights)
        fields = flow_fields(shown, flow)
        write_flow(output, fields, frames.fps, {"flow": asdict(flow_config)})


def write_flow(
    path: Path, flow: Iterable[FlowField], fps: float, header: Mapping[str, Any]
) -> None:
    """Write flow fields to a cache, x above y in one gray frame of (2 H, W).

    The values are motion; 128 means none. `num_frames` and `fps` join the header.

    Raises:
        ValueError: There is no flow, or its fields differ in shape.
        SodaError: The disk is full.
    """
    pictures = (np.concatenate([field[..., 0], field[..., 1]]) for field in flow)
    with atomic_path(path) as temporary:
        num_frames = write_pictures(temporary, pictures, simple_fraction(fps), GRAY)
        fill_header(temporary, {**header, "num_frames": num_frames, "fps": fps})
