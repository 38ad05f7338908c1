"""A lossless cache of 8-bit optical flow, in files that any player shows."""

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
    """Write flow to a lossless file, x above y in one gray frame of (2 H, W).

    Args:
        path: The file to write (.mkv), whole or not at all.
        flow: The motion in x and y; 128 means no motion.
        fps: Flow fields per second.
        header: Further facts about the flow, as values for JSON.

    Returns:
        The header with num_frames and fps added.

    Raises:
        ValueError: There is no flow, or its fields differ in shape.
        SodaError: The disk is full.
    """
    pictures = (np.concatenate([field[..., 0], field[..., 1]]) for field in flow)
    with atomic_path(path) as temporary:
        num_frames = write_pictures(temporary, pictures, simple_fraction(fps), GRAY)
        complete = {**header, "num_frames": num_frames, "fps": fps}
        fill_header(temporary, complete)
    return complete


class CachedFlow(CachedVideo):
    """An iterable over cached flow fields, uint8 (H, W, 2)."""

    codec = GRAY

    def _pictures(self) -> Generator[FlowField]:
        for picture in super()._pictures():
            yield np.stack(np.split(picture, 2), axis=-1)
