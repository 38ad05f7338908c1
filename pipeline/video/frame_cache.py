"""A lossless cache of the sampled frames of a video."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.storage import atomic_path, sha256_of
from pipeline.video.cached import CachedVideo
from pipeline.video.lossless import RGB, fill_header, write_pictures
from pipeline.video.picture import RgbPicture
from pipeline.video.probe import probe
from pipeline.video.sampling import DecodeConfig, SampledFrames, sample_frames

PROGRESS_FRAMES = 50  # between two calls of the progress


def decode_video(
    path: Path,
    output: Path,
    config: DecodeConfig,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Sample a video and write its frames to a lossless file that any player shows.

    Args:
        path: The video.
        output: The file to write (.mkv), whole or not at all, and with the same bytes
            each time.
        config: Rate and size.
        progress: Called regularly with the number of frames written so far.

    Returns:
        The header of the file: source (name, size, sha256, duration), fps, width,
        height, start_seconds, num_frames, warnings.

    Raises:
        VideoError: The video cannot be used.
        SodaError: The disk is full.
    """
    frames = sample_frames(path, config)
    pictures = _reported(frames, progress) if progress else frames
    with atomic_path(output) as temporary:
        write_pictures(temporary, pictures, frames.rate, RGB)
        header = _header(frames)
        fill_header(temporary, header)
    return header


def _reported(
    frames: SampledFrames, progress: Callable[[int], None]
) -> Iterator[RgbPicture]:
    for frame in frames:
        yield frame
        if frames.num_frames % PROGRESS_FRAMES == 0:
            progress(frames.num_frames)
    progress(frames.num_frames)


def _header(frames: SampledFrames) -> dict[str, Any]:
    return {
        "source": describe_source(frames.path),
        "fps": frames.fps,
        "width": frames.width,
        "height": frames.height,
        "start_seconds": frames.start_seconds,
        "num_frames": frames.num_frames,
        "warnings": frames.warnings,
    }


def describe_source(path: Path) -> dict[str, Any]:
    """Return the identity of a video, by content, for files derived from it."""
    return {
        "name": path.name,
        "size": path.stat().st_size,
        "sha256": sha256_of(path),
        "duration": probe(path).duration_seconds,
    }


class CachedFrames(CachedVideo):
    """An iterable over cached RGB frames, uint8 (height, width, 3).

    The frames equal those of `sample_frames`. The attributes come from the header of
    the file, without decoding.
    """

    codec = RGB

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.start_seconds: float = self.header["start_seconds"]
        self.width: int = self.header["width"]
        self.height: int = self.header["height"]
        self.source: dict[str, Any] = self.header["source"]
        self.warnings: list[str] = self.header["warnings"]
