"""Copies for browsers: which videos need one, and that it keeps every frame's time."""

from fractions import Fraction
from itertools import accumulate

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MissingVideoError, UnreadableVideoError
from pipeline.video import (
    DecodeConfig,
    SampledFrames,
    begins_late,
    plays_in_browsers,
    probe,
    write_proxy,
)
from tests.video_maker import numbered_pictures, read_number, write_sound, write_video

NTSC = Fraction(30000, 1001)
PLAYING = {
    "v.mp4": {},
    "v.mov": {},
    "high.mp4": {"options": {"profile": "high"}},
    "vp8.webm": {"codec": "libvpx", "options": {"deadline": "realtime"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime"}},
    "vp9.mp4": {"codec": "libvpx-vp9", "options": {"deadline": "realtime"}},
}
NOT_PLAYING = {
    "v.mkv": {},
    "v.avi": {},
    "v.ts": {},
    "v.flv": {},
    "vp9.mkv": {"codec": "libvpx-vp9", "options": {"deadline": "realtime"}},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "mpeg4.mp4": {"codec": "mpeg4"},
    "mpeg4.avi": {"codec": "mpeg4"},
    "444.mp4": {"pixel_format": "yuv444p"},
    "10bit.mp4": {"pixel_format": "yuv420p10le"},
}


def frames_of(path):
    """(seconds on the clock of a player, number) of every frame."""
    with av.open(str(path)) as file:
        zero = Fraction(file.start_time or 0, av.time_base)
        return [
            (f.pts * f.time_base - zero, read_number(f.to_ndarray(format="rgb24")))
            for f in file.decode(video=0)
        ]


def proxy_of(path):
    target = path.with_name("proxy.mp4")
    write_proxy(path, target)
    return target


@pytest.mark.parametrize("name", PLAYING)
def test_what_every_browser_plays_needs_no_copy(tmp_path, name):
    assert plays_in_browsers(
        write_video(tmp_path / name, numbered_pictures(5), **PLAYING[name])
    )


@pytest.mark.parametrize("name", NOT_PLAYING)
def test_what_some_browser_does_not_play_gets_a_copy(tmp_path, name):
    path = write_video(tmp_path / name, numbered_pictures(20), **NOT_PLAYING[name])
    assert not plays_in_browsers(path)
    assert plays_in_browsers(proxy_of(path))


def test_the_copy_of_a_video_that_begins_late_begins_at_0(tmp_path):
    late = write_video(tmp_path / "v.mp4", numbered_pictures(5), pts=range(50, 55))
    assert plays_in_browsers(late) and begins_late(late)
    assert not begins_late(proxy_of(late))


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 29), max_size=30),
    st.sampled_from([Fraction(1, 1000), Fraction(1001, 30000), Fraction(1, 90000)]),
    st.sampled_from(["mp4", "mov"]),
)
def test_every_frame_keeps_its_time(tmp_path_factory, steps, time_base, suffix):
    path = tmp_path_factory.mktemp("v") / f"v.{suffix}"
    pts = list(accumulate(steps, initial=0))
    write_video(path, numbered_pictures(len(pts)), pts=pts, time_base=time_base)
    expected = [(ticks * time_base, number) for number, ticks in enumerate(pts)]
    assert frames_of(path) == expected
    assert frames_of(proxy_of(path)) == expected


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".ts", ".webm"])
@pytest.mark.parametrize("fps", [25, NTSC, Fraction(24000, 1001)])
def test_the_copy_is_sampled_like_the_video(tmp_path, suffix, fps):
    codec = {".avi": "mpeg4", ".webm": "libvpx"}.get(suffix, "libx264")
    pictures = numbered_pictures(60)
    path = write_video(tmp_path / f"v{suffix}", pictures, fps, codec=codec)
    samples = [
        SampledFrames(p, DecodeConfig(short_side=64)) for p in (path, proxy_of(path))
    ]
    assert samples[0].start_seconds == samples[1].start_seconds
    video, proxy = ([read_number(frame) for frame in s] for s in samples)
    assert video == proxy


def test_a_late_first_picture_is_shown_from_the_start(tmp_path):
    path = write_video(
        tmp_path / "v.mkv",
        numbered_pictures(3),
        pts=[400, 440, 480],
        time_base=Fraction(1, 1000),
        options={"bf": "0"},
        audio_seconds=1,
    )
    seconds, numbers = zip(*frames_of(proxy_of(path)), strict=True)
    assert list(map(float, seconds)) == [0, 0.4, 0.44, 0.48]
    assert numbers == (0, 0, 1, 2)


def test_frames_without_times_are_counted_on(tmp_path):
    path = write_video(tmp_path / "v.h264", numbered_pictures(60), container="h264")
    assert [number for _, number in frames_of(proxy_of(path))] == [*range(60)]


def test_the_copy_is_as_long_as_the_video(tmp_path):
    pts = [0, 10, 700]
    path = write_video(
        tmp_path / "v.mkv",
        numbered_pictures(3),
        pts=pts,
        time_base=Fraction(1, 1000),
        options={"bf": "0"},
    )
    assert probe(proxy_of(path)).duration_seconds == pytest.approx(0.74, abs=0.001)


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_copy_is_small_even_and_upright(tmp_path, rotation):
    path = write_video(
        tmp_path / "v.avi" if not rotation else tmp_path / "v.mov",
        numbered_pictures(3, 810, 456),
        rotation=rotation,
        sample_aspect_ratio=Fraction(2),
    )
    info = probe(proxy_of(path))
    size = (1278, 360)
    assert (info.width, info.height) == (size if not rotation else size[::-1])


def test_a_small_video_keeps_its_size(tmp_path):
    path = write_video(tmp_path / "v.avi", numbered_pictures(3, 96, 64), codec="mpeg4")
    info = probe(proxy_of(path))
    assert (info.width, info.height) == (96, 64)


def test_colours_stay(tmp_path):
    red = [np.full((64, 96, 3), (200, 60, 30), np.uint8)] * 5
    path = write_video(tmp_path / "v.avi", red, codec="mpeg4", options={"q:v": "2"})
    config = DecodeConfig(short_side=64)
    video, proxy = (
        next(iter(SampledFrames(p, config))) for p in (path, proxy_of(path))
    )
    assert np.abs(video.astype(int) - proxy).max() <= 4


def test_key_frames_stand_close_and_the_index_first(tmp_path):
    path = write_video(tmp_path / "v.avi", numbered_pictures(100), codec="mpeg4")
    proxy = proxy_of(path)
    with av.open(str(proxy)) as file:
        keys = [p.is_keyframe for p in file.demux(video=0) if p.size]
    assert len(keys) == 100 and all(any(keys[i : i + 12]) for i in range(0, 100, 12))
    content = proxy.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_progress_goes_up_to_the_end(tmp_path):
    path = write_video(tmp_path / "v.avi", numbered_pictures(50), codec="mpeg4")
    shares = []
    write_proxy(path, tmp_path / "proxy.mp4", progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("write", [write_sound, lambda path: path.write_bytes(b"?")])
def test_what_has_no_picture_leaves_no_copy(tmp_path, write):
    write(tmp_path / "v.mp4")
    with pytest.raises(UnreadableVideoError, match=r"v\.mp4"):
        write_proxy(tmp_path / "v.mp4", tmp_path / "proxy.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


def test_a_missing_video_is_missing(tmp_path):
    for use in (plays_in_browsers, lambda path: write_proxy(path, tmp_path / "p.mp4")):
        with pytest.raises(MissingVideoError):
            use(tmp_path / "nowhere.mp4")
