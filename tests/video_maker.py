"""Small videos, encoded on the spot: tests make their own world.

    numbered_pictures(50)  ->  write_video(tmp_path / "v.mp4", ...)  ->  read_number

A numbered picture carries its index as black and white bars that survive lossy codecs
and scaling, so that a test can tell which source frame it was given.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from jaxtyping import UInt8

Picture = UInt8[np.ndarray, "height width 3"]

NUM_BARS = 8


def numbered_pictures(
    num_frames: int, width: int = 96, height: int = 64
) -> Iterator[Picture]:
    """Pictures 0, 1, ... as eight vertical bars, the highest bit on the left."""
    bar_of_column = np.arange(width) * NUM_BARS // width
    for number in range(num_frames):
        is_white = (number >> (NUM_BARS - 1 - bar_of_column)) & 1
        row = np.where(is_white, 235, 20).astype(np.uint8)
        yield np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def read_number(picture: Picture) -> int:
    """The number (0 to 255) of a numbered picture, at any size."""
    height, width = picture.shape[:2]
    centres = (np.arange(NUM_BARS) * 2 + 1) * width // (2 * NUM_BARS)
    bits = picture[height // 2, centres].mean(axis=1) > 127
    return int(bits @ (1 << np.arange(NUM_BARS)[::-1]))


def noise_pictures(
    num_frames: int, width: int, height: int, seed: int = 0
) -> list[Picture]:
    """Noise, the hardest thing to keep without loss."""
    shape = (num_frames, height, width, 3)
    return list(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def moving_square_pictures(
    num_frames: int,
    moving: range,
    width: int = 96,
    height: int = 64,
    pixels_per_frame: int = 2,
) -> Iterator[Picture]:
    """A bright square on textured ground that moves to the right during `moving`."""
    ground = np.random.default_rng(0).integers(40, 90, (height, width, 3), np.uint8)
    side = height // 4
    for index in range(num_frames):
        steps = min(max(index - moving.start, 0), len(moving))
        left = (width // 8 + steps * pixels_per_frame) % (width - side)
        picture = ground.copy()
        picture[height // 2 - side // 2 :, left : left + side][:side] = 220
        yield picture


def write_video(
    path: Path,
    pictures: Iterable[Picture],
    fps: float | Fraction = 25,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    container: str | None = None,
    options: dict[str, str] | None = None,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    rotation: int = 0,
    is_mirrored: bool = False,
    sample_aspect_ratio: Fraction | None = None,
    is_interlaced: bool = False,
    audio_seconds: float = 0,
) -> Path:
    """Encode pictures as a video file and return its path.

    Args:
        path: The file to write; its suffix chooses the container.
        pictures: RGB, all of one size.
        fps: Frames per second.
        codec: FFmpeg's name of an encoder.
        pixel_format: What the encoder is given.
        container: FFmpeg's name of a format, None: by the suffix.
        options: The encoder's.
        pts: Presentation time of each frame in units of `time_base`; None: regular.
        time_base: Seconds per unit of `pts`; None: 1 / fps.
        rotation: Degrees, counterclockwise, by which a player turns the picture.
        is_mirrored: Whether the player then exchanges left and right.
        sample_aspect_ratio: Width by height of one pixel.
        is_interlaced: Encode fields (libx264).
        audio_seconds: Length of a silent sound track; 0: none.
    """
    rate = Fraction(fps).limit_denominator(1001)
    options = dict(options or {})
    if is_interlaced:
        options["x264-params"] = "tff=1"
    with av.open(str(path), "w", format=container) as file:
        stream = None
        sound = file.add_stream("aac", rate=16000) if audio_seconds else None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = file.add_stream(codec, rate=rate, options=options)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixel_format
                if sample_aspect_ratio:
                    stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
                if rotation or is_mirrored:
                    stream.set_display_rotation(rotation, hflip=is_mirrored)
                if time_base:
                    stream.codec_context.time_base = time_base
            frame = VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = index if pts is None else pts[index]
            frame.time_base = time_base or 1 / rate
            file.mux(stream.encode(frame))
        file.mux(stream.encode() if stream else [])
        if sound:
            _write_silence(file, sound, audio_seconds)
    return path


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file that holds silence and no picture."""
    with av.open(str(path), "w") as file:
        _write_silence(file, file.add_stream("aac", rate=16000), seconds)
    return path


def _write_silence(
    file: av.container.OutputContainer, stream: av.AudioStream, seconds: float
) -> None:
    for index in range(round(seconds * 16000) // 1024):
        silence = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
        frame.sample_rate = 16000
        frame.pts = index * 1024
        file.mux(stream.encode(frame))
    file.mux(stream.encode())
