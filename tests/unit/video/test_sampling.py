"""Frames of real files, chosen by presentation time."""

from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.video import DecodeConfig, SampledFrames, probe
from pipeline.video.decoding import SourceFrames
from pipeline.video.source import open_video
from tests.video_maker import (
    numbered_pictures,
    read_number,
    write_video,
)

SMALL = DecodeConfig(short_side=64)
NATIVE = DecodeConfig(fps=0.0, short_side=64)
CONTAINERS = [
    ("a.mp4", "libx264", {}),
    ("a.mkv", "libx264", {}),
    ("a.avi", "mpeg4", {}),
    ("b_frames.avi", "mpeg4", {"bf": "2"}),
    ("b_pyramid.avi", "libx264", {}),
    ("a.webm", "libvpx", {"deadline": "realtime"}),
    ("a.mov", "mpeg4", {}),
    ("a.ts", "libx264", {}),
    ("a.flv", "flv", {"qscale": "2"}),
    ("a.mpg", "mpeg2video", {}),
    ("a.wmv", "wmv2", {}),
]


def numbers(path, config=SMALL):
    """The source frame of every sampled frame, and the frames as an object."""
    frames = SampledFrames(path, config)
    return [read_number(frame) for frame in frames], frames


@pytest.mark.parametrize(("name", "codec", "options"), CONTAINERS)
def test_25_fps_gives_every_frame_once_from_any_container(
    tmp_path, name, codec, options
):
    pictures = numbered_pictures(60)
    path = write_video(tmp_path / name, pictures, codec=codec, options=options)
    chosen, frames = numbers(path)
    assert chosen == list(range(60))
    assert (frames.num_frames, frames.fps, frames.start_seconds) == (60, 25, 0)
    assert frames.warnings == []


@pytest.mark.parametrize("fps", [10, 24, Fraction(30000, 1001), 30, 50, 60])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_other_rates_show_what_is_on_screen(tmp_path, fps, suffix):
    path = write_video(tmp_path / f"v{suffix}", numbered_pictures(90), fps)
    tolerance = Fraction(1, 1000)
    num_sampled = ceil((90 / Fraction(fps) - tolerance) * 25)
    expected = [floor((Fraction(k, 25) + tolerance) * fps) for k in range(num_sampled)]
    chosen = numbers(path)[0]
    assert len(chosen) == num_sampled
    # Matroska's milliseconds may move a frame that is due at the very instant.
    differences = np.abs(np.subtract(chosen, expected))
    assert differences.max() <= (1 if suffix == ".mkv" else 0)
    assert differences.sum() <= 2


@pytest.mark.parametrize("fps", [10, Fraction(30000, 1001), 60])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_native_rate_gives_every_frame_once(tmp_path, fps, suffix):
    path = write_video(tmp_path / f"v{suffix}", numbered_pictures(90), fps)
    chosen, frames = numbers(path, NATIVE)
    assert chosen == list(range(90))
    assert frames.fps == pytest.approx(float(fps))


def test_variable_frame_rate_follows_the_clock(tmp_path):
    pts = [0, 40, 80, 480, 500, 520, 540, 1000]  # milliseconds
    path = write_video(
        tmp_path / "v.mkv",
        numbered_pictures(8),
        pts=pts,
        time_base=Fraction(1, 1000),
    )
    expected = [max(i for i in range(8) if pts[i] <= 40 * k + 1) for k in range(26)]
    assert numbers(path)[0] == expected


def test_start_is_counted_from_the_start_of_the_sound(tmp_path):
    path = write_video(
        tmp_path / "v.mp4",
        numbered_pictures(25),
        pts=list(range(50, 75)),
        audio_seconds=4,
    )
    chosen, frames = numbers(path)
    assert (chosen, frames.start_seconds) == (list(range(25)), 2.0)


def test_a_transport_stream_starts_at_zero(tmp_path):
    path = write_video(tmp_path / "v.ts", numbered_pictures(25))
    with av.open(str(path)) as container:
        assert container.start_time > 0
    assert SampledFrames(path, SMALL).start_seconds == 0


def test_missing_times_are_counted_on_with_a_warning(tmp_path):
    path = write_video(tmp_path / "v.h264", numbered_pictures(50), container="h264")
    chosen, frames = numbers(path)
    assert chosen == list(range(50))
    assert any("presentation time" in warning for warning in frames.warnings)


def test_a_clock_that_starts_again_goes_on_with_a_warning(tmp_path):
    path = tmp_path / "twice.ts"
    once = write_video(tmp_path / "v.ts", numbered_pictures(50)).read_bytes()
    path.write_bytes(once + once)
    chosen, frames = numbers(path)
    assert chosen == [*range(50), *range(50)]
    assert any("jumps" in warning for warning in frames.warnings)


def test_a_clock_that_leaps_ahead_is_pulled_back_with_a_warning(tmp_path):
    first = write_video(tmp_path / "a.ts", numbered_pictures(50))
    later = write_video(
        tmp_path / "b.ts", numbered_pictures(50), pts=range(10**6, 10**6 + 50)
    )
    path = tmp_path / "leap.ts"
    path.write_bytes(first.read_bytes() + later.read_bytes())
    chosen, frames = numbers(path)
    assert chosen == [*range(50), *range(50)]
    assert any("jumps" in warning for warning in frames.warnings)


def test_a_sound_track_that_appears_on_the_way_does_no_harm(tmp_path):
    path = write_video(tmp_path / "v.flv", numbered_pictures(50), audio_seconds=2)
    content = bytearray(path.read_bytes())
    aac, mp3 = 0xAF, 0x2F
    content[content.rindex(bytes([aac, 1]))] = mp3
    path.write_bytes(content)
    assert numbers(path)[0] == list(range(50))


def test_damage_in_the_middle_is_skipped_with_a_warning(tmp_path):
    options = {"g": "10", "bf": "0"}
    path = write_video(tmp_path / "v.mp4", numbered_pictures(100), options=options)
    damage(path, middle_packet(path))
    chosen, frames = numbers(path)
    assert len(chosen) == 100
    assert chosen[:40] == list(range(40)) and chosen[60:] == list(range(60, 100))
    assert any("damaged" in warning for warning in frames.warnings)


def middle_packet(path: Path) -> range:
    """Where the 50th picture lies in the file."""
    with av.open(str(path)) as container:
        packet = list(container.demux(video=0))[50]
        return range(packet.pos, packet.pos + packet.size)


def damage(path: Path, where: range) -> None:
    content = bytearray(path.read_bytes())
    content[where.start : where.stop] = bytes(255 for _ in where)
    path.write_bytes(content)


@pytest.mark.parametrize("num_frames", [1, 2, 3])
def test_a_few_frames_are_a_video(tmp_path, num_frames):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(num_frames))
    assert numbers(path)[0] == list(range(num_frames))


def test_every_iteration_starts_anew_and_may_be_abandoned(tmp_path):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(60))
    frames = SampledFrames(path, SMALL)
    assert read_number(next(iter(frames))) == 0
    assert [read_number(frame) for frame in frames] == list(range(60))
    path.unlink()  # nothing holds it open


@pytest.mark.parametrize("values", [{"fps": -1.0}, {"fps": 1e6}, {"short_side": 0}])
def test_impossible_values_are_refused(values):
    with pytest.raises(UsageError, match=next(iter(values))):
        DecodeConfig(**values)


def test_a_rate_or_a_size_need_not_be_round(tmp_path):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(60), 30)
    frames = SampledFrames(path, DecodeConfig(fps=12.5, short_side=33))
    shapes = {frame.shape for frame in frames}
    assert shapes == {(33, 50, 3)} and frames.num_frames == 25


REAL_FRAMES = {  # at 25 fps: 10 s of 30 fps, 10.01 s of 29.97, 164 and 675 of 25
    "videos/askanything_hitting_baseball.mp4": 250,
    "videos/stgcn_clean_and_jerk.mp4": 251,
    "videos/mmaction2_tests_data_test.avi": 164,
    "ut_interaction/videos/ut_test_0030.mp4": 675,
}


@pytest.mark.parametrize(("name", "num_frames"), REAL_FRAMES.items())
def test_real_files_are_sampled_without_warnings(shared_data, name, num_frames):
    frames = SampledFrames(shared_data / name, DecodeConfig(short_side=32))
    assert np.mean([frame.mean() for frame in frames]) > 10
    assert (frames.num_frames, frames.warnings) == (num_frames, [])


@pytest.mark.parametrize(
    ("suffix", "fps"),
    [
        *((".mp4", fps) for fps in (500, 960, 1000, 8000)),
        *((".mov", fps) for fps in (1000, 2000)),
        *((suffix, fps) for suffix in (".avi", ".mkv") for fps in (960, 1000)),
    ],
)
def test_high_speed_cameras_are_sampled_right(tmp_path, suffix, fps):
    path = write_video(tmp_path / f"v{suffix}", numbered_pictures(400), fps, **FAST)
    half = Fraction(1, 2)
    expected = [
        floor(Fraction(fps * k, 25) + half) % 256
        for k in range(ceil((400 - half) * 25 / fps))
    ]
    chosen, frames = numbers(path)
    assert chosen == expected
    assert (frames.fps, frames.warnings) == (25, [])
    chosen, frames = numbers(path, NATIVE)
    assert chosen == [k % 256 for k in range(400)] and frames.fps == fps


def test_a_rate_that_the_packets_contradict_is_not_believed(tmp_path):
    """Recorders that do not know their rate state the ticks of their clock."""
    pts = [40 * k for k in range(30)]
    path = write_video(tmp_path / "v.mkv", numbered_pictures(30), 1000, pts=pts, **FAST)
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 1000
    assert probe(path).fps == 25
    assert numbers(path)[0] == list(range(30))


FAST = {"codec": "mpeg4", "options": {"bf": "0"}}
PAUSES = {
    "v.ts": {},
    "v.mpg": {"codec": "mpeg2video", "options": {"b": "20M"}},
    "v.mp4": {},
    "v.mkv": {},
    "v.flv": {"options": {"bf": "0"}},
    "v.webm": {"codec": "libvpx", "options": {"deadline": "realtime"}},
}


@pytest.mark.parametrize("name", PAUSES)
@pytest.mark.parametrize("seconds", [9, 60, 900])
def test_a_pause_keeps_the_times_of_what_follows(tmp_path, name, seconds):
    late = 15 + 25 * seconds
    pts = [*range(15), *range(late, late + 15)]
    # In program streams, several small frames share one time.
    rng = np.random.default_rng(0)
    pictures = [
        picture // 4 * 3 + rng.integers(0, 32, picture.shape, np.uint8)
        for picture in numbered_pictures(30)
    ]
    path = write_video(tmp_path / name, pictures, pts=pts, **PAUSES[name])
    assert probe(path).duration_seconds == pytest.approx((late + 15) / 25, abs=0.1)
    chosen, frames = numbers(path)
    assert chosen == [*range(14), *[14] * (25 * seconds + 1), *range(15, 30)]
    assert frames.warnings == []


def test_frames_before_the_first_time_are_dated_back_from_it(tmp_path):
    """Matroska has no times below 0, so that a cut may leave frames without one."""
    source, path = tmp_path / "v.mp4", tmp_path / "cut.mkv"
    write_video(source, numbered_pictures(50), options={"bf": "0"})
    options = {"avoid_negative_ts": "disabled"}
    with av.open(str(source)) as old, av.open(str(path), "w", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        ticks = round(Fraction(6, 25) / old.streams.video[0].time_base)
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
                packet.stream = stream
                new.mux(packet)
    with open_video(path) as video:
        starts = [start for _, start, _ in SourceFrames(video)]
        start_seconds = video.start_seconds
    assert starts == [Fraction(k - 6, 25) for k in range(50)]
    chosen, frames = numbers(path)
    assert chosen == list(range(50))
    assert frames.start_seconds == float(starts[0] - start_seconds)
    assert frames.warnings == ["6 frames without a presentation time, estimated"]
