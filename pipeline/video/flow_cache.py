"""Optical flow in 8 bits, kept without loss and viewable."""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from pipeline.storage import atomic_path
from pipeline.video.cached import CachedVideo
from pipeline.video.lossless import GRAY, fill_header, write_pictures
from pipeline.video.sampling import simple_fraction

FlowField = UInt8[np.ndarray, "height width 2"]


def write_flow(
    path: Path, flow: Iterable[FlowField], fps: float, header: dict[str, Any]
) -> dict[str, Any]:
    """Keep flow in a lossless file, x above y in one gray picture of (2 H, W).

    Args:
        path: The file to write (.mkv), whole or not at all.
        flow: x and y motion, 128 where nothing moves.
        fps: Pictures per second.
        header: What else to say of the flow, as JSON can hold it.

    Returns:
        The header with num_frames and fps added.

    Raises:
        ValueError: There is no flow, or not all of it has one shape.
        SodaError: The disk is full.
    """
    pictures = (np.concatenate([field[..., 0], field[..., 1]]) for field in flow)
    with atomic_path(path) as temporary:
        num_frames = write_pictures(temporary, pictures, simple_fraction(fps), GRAY)
        complete = {**header, "num_frames": num_frames, "fps": fps}
        fill_header(temporary, complete)
    return complete


class CachedFlow(CachedVideo):
    """Iterates over the flow, uint8 (H, W, 2), that was kept."""

    codec = GRAY

    def _pictures(self) -> Generator[FlowField]:
        for picture in super()._pictures():
            yield np.stack(np.split(picture, 2), axis=-1)
