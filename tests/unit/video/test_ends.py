"""Whether a video shows its first and its last second, in many containers."""

import av
import pytest

from pipeline.errors import UnreadableVideoError
from pipeline.video import decode_ends
from tests.video_maker import numbered_pictures, write_video

CODECS = {".webm": "libvpx", ".avi": "mpeg4", ".mpg": "mpeg2video"}
SUFFIXES = [".mp4", ".mkv", ".webm", ".avi", ".ts", ".flv", ".mpg"]
OPTIONS = {"g": "25"}


def write(path, num_frames=150, **fields):
    codec = CODECS.get(path.suffix, "libx264")
    pictures = numbered_pictures(num_frames)
    return write_video(path, pictures, codec=codec, options=OPTIONS, **fields)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_videos_lack_nothing(tmp_path, suffix):
    ends = decode_ends(write(tmp_path / f"v{suffix}"))
    assert ends.late_seconds < 0.1 and ends.missing_seconds < 0.1
    assert not ends.has_variable_rate


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi", ".flv"])
def test_videos_that_were_cut_lack_their_end(tmp_path, suffix):
    path = write(tmp_path / f"v{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 2 < decode_ends(path).missing_seconds < 5


def test_a_video_that_was_cut_after_its_index_lacks_its_end(tmp_path):
    source, path = write(tmp_path / "v.mkv"), tmp_path / "v.mp4"
    options = {"movflags": "faststart"}
    with av.open(str(source)) as old, av.open(str(path), "w", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 2 < decode_ends(path).missing_seconds < 5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".flv", ".ts"])
def test_sound_that_goes_on_is_no_missing_picture(tmp_path, suffix):
    path = write(tmp_path / f"v{suffix}", audio_seconds=12)
    assert decode_ends(path).missing_seconds < 0.2


def test_a_stream_without_times_is_read_whole(tmp_path):
    ends = decode_ends(write(tmp_path / "v.h264", container="h264"))
    assert ends.missing_seconds == 0 and not ends.has_variable_rate


def test_a_video_shorter_than_a_second_is_looked_at(tmp_path):
    assert decode_ends(write(tmp_path / "v.mp4", 3)).missing_seconds == 0


@pytest.mark.parametrize("start", [0, 120])
def test_frames_that_come_unevenly_are_noticed(tmp_path, start):
    pts = [index * 2 + (index > start and index % 2) for index in range(150)]
    path = write(tmp_path / "v.mp4", pts=pts)
    assert decode_ends(path).has_variable_rate


@pytest.mark.parametrize("suffix", [".ts", ".mpg", ".mp4"])
def test_a_pause_in_the_middle_is_found_without_decoding_it(tmp_path, suffix):
    pts = [*range(50), *range(1550, 1600)]
    ends = decode_ends(write(tmp_path / f"v{suffix}", 100, pts=pts))
    assert ends.longest_step_seconds == pytest.approx(60.04, abs=0.2)
    assert ends.longest_step_begins == pytest.approx(49 / 25, abs=0.5)
    assert ends.num_jumps == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_regular_video_has_no_pause_and_no_jump(tmp_path, suffix):
    ends = decode_ends(write(tmp_path / f"v{suffix}", 60))
    assert ends.longest_step_seconds < 0.2 and ends.num_jumps == 0


@pytest.mark.parametrize("suffix", [".ts", ".mpg"])
def test_a_clock_that_begins_again_is_found(tmp_path, suffix):
    path = write(tmp_path / f"v{suffix}")
    path.write_bytes(2 * path.read_bytes())
    ends = decode_ends(path)
    assert ends.num_jumps == 1 and ends.longest_step_seconds < 0.2


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "v.mp4"
    path.write_text("no video")
    with pytest.raises(UnreadableVideoError, match="cannot read it"):
        decode_ends(path)
