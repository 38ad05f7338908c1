"""What is read as a video, what a video says of itself, and what is refused."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame

from pipeline.errors import (
    MissingVideoError,
    TruncatedVideoError,
    UnreadableVideoError,
)
from pipeline.video import DecodeConfig, SampledFrames, probe
from tests.video_maker import (
    noise_pictures,
    numbered_pictures,
    read_number,
    write_sound,
    write_video,
)

SMALL = DecodeConfig(short_side=64)


def test_probe_tells_what_a_file_declares(tmp_path):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(60), 30, audio_seconds=4)
    info = probe(path)
    assert "mp4" in info.container
    assert (info.codec, info.width, info.height) == ("h264", 96, 64)
    assert (info.fps, info.duration_seconds, info.num_frames) == (30, 2.0, 60)


def test_probe_measures_what_a_file_does_not_declare(tmp_path):
    path = write_video(tmp_path / "v.h264", numbered_pictures(60), container="h264")
    info = probe(path)
    assert (info.duration_seconds, info.num_frames) == (60 / 25, None)


def test_matroska_tells_the_length_of_its_pictures(tmp_path):
    path = write_video(tmp_path / "v.mkv", numbered_pictures(50), audio_seconds=5)
    assert probe(path).duration_seconds == 2.0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
def test_a_longer_sound_track_is_no_truncation(tmp_path, suffix):
    path = write_video(tmp_path / f"v{suffix}", numbered_pictures(50), audio_seconds=6)
    assert len(list(SampledFrames(path, SMALL))) == 50


def test_a_colon_in_the_name_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_video(tmp_path / "12:30.mp4", numbered_pictures(3))
    assert probe(path.relative_to(tmp_path)).num_frames == 3


def write_with_cover(path, is_cover_first):
    """A video with a large picture attached, as music players show it."""
    with av.open(str(path), "w") as file:
        names = ["mjpeg", "libx264"] if is_cover_first else ["libx264", "mjpeg"]
        streams = {name: file.add_stream(name, rate=25) for name in names}
        cover, video = streams["mjpeg"], streams["libx264"]
        cover.width, cover.height, cover.pix_fmt = 640, 480, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        video.width, video.height = 96, 64
        picture = VideoFrame.from_ndarray(np.zeros((480, 640, 3), np.uint8), "rgb24")
        attached = [*cover.encode(picture), *cover.encode()]
        for picture in numbered_pictures(30):
            file.mux(video.encode(VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(video.encode())
        file.mux(attached)
    return path


@pytest.mark.parametrize("is_cover_first", [False, True])
def test_cover_art_is_not_the_video(tmp_path, is_cover_first):
    path = write_with_cover(tmp_path / "v.mp4", is_cover_first)
    assert probe(path).codec == "h264"
    assert [read_number(frame) for frame in SampledFrames(path, SMALL)] == [*range(30)]


def test_a_missing_file_is_missing(tmp_path):
    path = tmp_path / "nowhere.mp4"
    for read in (probe, lambda path: SampledFrames(path, SMALL)):
        with pytest.raises(MissingVideoError, match=r"nowhere\.mp4.*no such file"):
            read(path)


def write_still(path):
    cv2.imwrite(str(path), np.zeros((64, 96, 3), np.uint8))


UNREADABLE = {
    "empty.mp4": (lambda path: path.write_bytes(b""), "0 bytes"),
    "folder.mp4": (lambda path: path.mkdir(), "not a file"),
    "text.mp4": (lambda path: path.write_text("not a video\n" * 50), "cannot read"),
    "text.txt": (lambda path: path.write_text("not a video\n" * 50), "text"),
    "noise.mkv": (
        lambda path: path.write_bytes(np.random.default_rng(0).bytes(9999)),
        "cannot read",
    ),
    "sound.mp4": (write_sound, "only audio"),
    "photo.png": (write_still, "still image"),
    "photo.jpg": (write_still, "still image"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_video_is_refused_by_name(tmp_path, name):
    write, reason = UNREADABLE[name]
    write(tmp_path / name)
    for read in (probe, lambda path: SampledFrames(path, SMALL)):
        with pytest.raises(UnreadableVideoError, match=f"{name}.*{reason}"):
            read(tmp_path / name)


def test_an_mp4_without_its_index_looks_truncated(tmp_path):
    path = write_video(tmp_path / "v.mp4", noise_pictures(20, 96, 64))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 4])
    with pytest.raises(UnreadableVideoError, match="truncated"):
        probe(path)


def test_a_video_without_a_single_good_frame_is_refused(tmp_path):
    path = write_video(tmp_path / "v.mp4", noise_pictures(5, 96, 64))
    content = path.read_bytes()
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    path.write_bytes(content[:start] + b"\xff" * (end - start) + content[end:])
    with pytest.raises(UnreadableVideoError, match="not one of its frames"):
        SampledFrames(path, SMALL)


CUT = [
    (".mp4", "libx264", 0),
    (".mp4", "libx264", 4),
    (".mov", "mpeg4", 4),
    (".mkv", "libx264", 0),
    (".mkv", "libx264", 4),
    (".webm", "libvpx", 0),
    (".avi", "mpeg4", 0),
    (".avi", "mpeg4", 4),
    (".flv", "flv", 0),
    (".flv", "flv", 4),
]


@pytest.mark.parametrize(("suffix", "codec", "audio_seconds"), CUT)
def test_a_file_that_was_cut_is_refused(tmp_path, suffix, codec, audio_seconds):
    path = write_video(
        tmp_path / f"v{suffix}",
        noise_pictures(100, 96, 64),
        codec=codec,
        options={"deadline": "realtime"} if codec == "libvpx" else None,
        audio_seconds=audio_seconds,
    )
    if suffix in {".mp4", ".mov"}:
        index_first(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    frames = SampledFrames(path, SMALL)
    with pytest.raises(TruncatedVideoError, match=r"decoded \d\d of 10\d frames"):
        list(frames)
    assert 40 < frames.num_frames < 95


def index_first(path):
    """Move the index of an MP4 to its start, as files made for streaming have it."""
    moved = path.with_name(f"moved{path.suffix}")
    options = {"movflags": "faststart"}
    with av.open(str(path)) as source, av.open(str(moved), "w", options=options) as out:
        streams = [out.add_stream_from_template(s, opaque=True) for s in source.streams]
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    moved.replace(path)


def test_a_few_lost_frames_are_no_truncation(tmp_path):
    path = write_video(tmp_path / "v.avi", noise_pictures(100, 96, 64), codec="mpeg4")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 98 // 100])
    frames = SampledFrames(path, SMALL)
    assert 95 <= len(list(frames)) < 100
    assert frames.warnings


def test_a_still_picture_for_minutes_is_no_broken_clock(tmp_path):
    path = write_video(
        tmp_path / "v.mp4",
        numbered_pictures(3),
        pts=[0, 1, 120],
        time_base=Fraction(1),
        options={"bf": "0"},
    )
    frames = SampledFrames(path, DecodeConfig(fps=1.0, short_side=64))
    numbers = [read_number(frame) for frame in frames]
    assert numbers[:121] == [0] + [1] * 119 + [2]
    assert frames.warnings == []


def test_a_recording_without_a_declared_length_is_measured(tmp_path):
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w", options={"live": "1"}) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height = 96, 64
        for picture in numbered_pictures(50):
            file.mux(stream.encode(VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode())
    with av.open(str(path)) as container:
        assert container.duration is None
    assert probe(path).duration_seconds == 2.0
    assert len(list(SampledFrames(path, SMALL))) == 50
