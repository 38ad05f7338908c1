"""A strip of frames: what a video looks like at a glance."""

import numpy as np
import pytest

from pipeline.errors import UnreadableVideoError
from pipeline.video import film_strip
from tests.video_maker import numbered_pictures, read_number, write_video


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".ts", ".h264"])
def test_frames_of_a_strip_are_evenly_spaced(tmp_path, suffix):
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    pictures = numbered_pictures(100)
    path = write_video(tmp_path / f"v{suffix}", pictures, codec=codec)
    strip = film_strip(path, 5, 64)
    assert strip.shape == (64, 5 * 96, 3)
    numbers = [read_number(part) for part in np.split(strip, 5, axis=1)]
    assert numbers == sorted(numbers)
    if suffix not in (".ts", ".h264"):  # which cannot be sought exactly
        assert numbers == pytest.approx([10, 30, 50, 70, 90], abs=3)


def test_a_single_frame_fills_the_strip(tmp_path):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(1))
    assert film_strip(path, 3, 32).shape == (32, 144, 3)


def test_what_is_no_video_has_no_strip(tmp_path):
    (tmp_path / "v.mp4").write_text("no video")
    with pytest.raises(UnreadableVideoError):
        film_strip(tmp_path / "v.mp4", 3, 32)
