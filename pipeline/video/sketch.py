"""A few tiny frames of a video, by which the same footage is recognised."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from jaxtyping import Float64, UInt8

from pipeline.errors import VideoError
from pipeline.video.picture import RgbConverter
from pipeline.video.source import VideoSource, open_video

SIDE = 8  # pixels
# A window in the middle is sampled densely, all of the video sparsely, by key frames.
# A longer video that contains the window has key frames of its own there: at least
# three, as encoders put them 10 s apart at most.
WINDOW_SECONDS = 30.0
STEP_SECONDS = 0.1
KEY_STEP_SECONDS = 1.0
MOST_DECODED = 3000  # frames, for a window at an absurd rate

Seconds = Float64[np.ndarray, "frames"]
TinyFrames = UInt8[np.ndarray, "frames side side 3"]


@dataclass(frozen=True, eq=False)
class Sketch:
    """Tiny frames of a video: some of all of it, many of a window; seconds by file."""

    seconds: Float64[np.ndarray, "frames"]
    frames: UInt8[np.ndarray, "frames side side 3"]
    window_seconds: Float64[np.ndarray, "window"]
    window: UInt8[np.ndarray, "window side side 3"]


def sketch(path: Path) -> Sketch:
    """Take the tiny frames of a video; fewer, or none, where it is damaged."""
    window = _sample(path, _window_frames, STEP_SECONDS)
    keys = _sample(path, _key_frames, KEY_STEP_SECONDS)
    seconds, frames = (np.concatenate(both) for both in zip(keys, window, strict=True))
    return Sketch(seconds, frames, *window)


def _sample(
    path: Path, read: Callable[[VideoSource], Iterator[VideoFrame]], step: float
) -> tuple[Seconds, TinyFrames]:
    """Return the seconds and tiny copies of some frames, at least a step apart."""
    times, frames = [], []
    convert = RgbConverter(SIDE, SIDE)
    with suppress(VideoError), open_video(path) as source:
        due, half_frame = -inf, 0.5 / float(source.fps)
        for frame in read(source):
            seconds = float((frame.pts or 0) * source.time_base)
            if seconds >= due - half_frame:
                due = seconds + step
                times.append(seconds)
                frames.append(convert(frame))
    tiny = np.array(frames, np.uint8).reshape(-1, SIDE, SIDE, 3)
    return np.array(times, np.float64), tiny


def _window_frames(source: VideoSource) -> Iterator[VideoFrame]:
    """Yield the frames of the window; those of a whole video that is shorter."""
    spare = float(source.declared_seconds or 0) - WINDOW_SECONDS
    start = float(source.stream_start_seconds) + spare / 2
    if spare > 0:
        # Formats without an index are read from the beginning.
        with suppress(av.FFmpegError):
            target = int(start / source.time_base)
            source.container.seek(target, stream=source.stream)
    source.stream.thread_type = "AUTO"
    for frame in islice(source.container.decode(source.stream), MOST_DECODED):
        seconds = float((frame.pts or 0) * source.time_base)
        if seconds > start + max(spare, 0) + WINDOW_SECONDS:
            break
        if seconds >= start:
            yield frame


def _key_frames(source: VideoSource) -> Iterator[VideoFrame]:
    """Yield key frames, without decoding the others."""
    due = -inf
    for packet in source.container.demux(source.stream):
        seconds = float((packet.pts or 0) * source.time_base)
        is_end = packet.size == 0  # tells the decoder to hand out what it holds
        if is_end or (packet.is_keyframe and seconds >= due):
            due = seconds + KEY_STEP_SECONDS
            with suppress(av.InvalidDataError):
                yield from packet.decode()
