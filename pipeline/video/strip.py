"""A film strip: a few small frames of a video, side by side."""

from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from pipeline.video.decoding import first_frame
from pipeline.video.picture import RgbConverter, RgbPicture, nearest, shown_size
from pipeline.video.source import VideoSource, open_video

# The frames decoded after a key frame before the search for a frame is given up.
MOST_DECODED = 300


def film_strip(path: Path, count: int, height: int) -> RgbPicture:
    """Return evenly spaced frames of a video, joined from left to right.

    Raises:
        VideoError: The file is missing, is not a video, or has no frame.
    """
    with open_video(path) as source:
        frame, first_seconds = first_frame(source)
        width, full_height = shown_size(frame, source.stream.sample_aspect_ratio)
        convert = RgbConverter(max(nearest(width * height / full_height), 1), height)
    pictures = [convert(frame)] * count
    with open_video(path) as source:
        seconds = source.declared_seconds or Fraction(0)
        for index in range(count):
            target = first_seconds + seconds * (2 * index + 1) / (2 * count)
            if found := _frame_at(source, target):
                pictures[index] = convert(found)
    return np.concatenate(pictures, axis=1)


def _frame_at(source: VideoSource, seconds: Fraction) -> VideoFrame | None:
    """Return the frame at a time in the container; None if it cannot be found."""
    found = None
    # A frame that cannot be found is no error: this is only a preview.
    with suppress(av.FFmpegError):
        source.container.seek(int(seconds / source.time_base), stream=source.stream)
        for frame in islice(source.container.decode(source.stream), MOST_DECODED):
            found = frame
            if frame.pts is None or frame.pts * source.time_base >= seconds:
                break
    return found
