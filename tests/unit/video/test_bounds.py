"""No file decides alone how much is decoded, written or allocated."""

import errno
import os
import random
import socket
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipeline.errors import UnreadableVideoError, VideoError
from pipeline.fanout import Item, Job, Ledger, Resources, run_job
from pipeline.storage import plain
from pipeline.video import DecodeConfig, SampledFrames, decode_ends, probe
from pipeline.video import source as source_file
from pipeline.video.caching import decode
from pipeline.video.source import LARGEST_PIXELS, check_memory
from tests.video_maker import noise_pictures, numbered_pictures, write_video

SMALL = DecodeConfig(short_side=64)


def slow_header(path):
    """An AVI file whose damaged header gives each frame four days."""
    write_video(path.with_suffix(".avi"), numbered_pictures(30), codec="mpeg4")
    content = bytearray(path.with_suffix(".avi").read_bytes())
    scale = content.index(b"strh") + 8 + 20
    content[scale : scale + 4] = struct.pack("<I", 25 * 332923)
    content[scale + 4 : scale + 8] = struct.pack("<I", 25)
    path.write_bytes(content)


def far_frame(path):
    pts = [0, 40, 100_000_000]
    pictures = numbered_pictures(3)
    options = {"bf": "0"}
    base = Fraction(1, 1000)
    write_video(path, pictures, pts=pts, time_base=base, options=options)


@pytest.mark.parametrize(
    ("name", "write"),
    [("v.avi", slow_header), ("v.mkv", far_frame), ("v.mp4", far_frame)],
)
def test_a_few_frames_cannot_last_for_days(tmp_path, name, write):
    path, output = tmp_path / name, tmp_path / "out" / "frames.mkv"
    write(path)
    for examine in (decode_ends, lambda path: decode([path], output, plain(SMALL))):
        with pytest.raises(UnreadableVideoError, match=rf"{name}.* \d+ hours"):
            examine(path)
    assert not list(tmp_path.glob("out/*"))


def test_a_still_of_an_hour_is_kept(tmp_path):
    seconds, options = [0, 1, 3600], {"bf": "0"}
    path, pictures = tmp_path / "v.mp4", numbered_pictures(3)
    write_video(path, pictures, pts=seconds, time_base=Fraction(1), options=options)
    assert len(list(SampledFrames(path, DecodeConfig(1.0, 64)))) == 3601


def test_repeating_a_frame_is_no_progress(tmp_path):
    pts = [0, 1, 500, 501]
    path = write_video(tmp_path / "v.mkv", numbered_pictures(4), pts=pts)
    shares = []
    decode([path], tmp_path / "out.mkv", plain(SMALL), progress=shares.append)
    assert shares == pytest.approx([1 / 502, 500 / 502, 501 / 502, 1])


def test_frames_that_are_never_shown_are_progress(tmp_path):
    pts = [0, *[1] * 20, 2]
    path = write_video(tmp_path / "v.mkv", numbered_pictures(22), 500)
    shares = []
    decode([path], tmp_path / "out.mkv", plain(SMALL), progress=shares.append)
    assert len(shares) == len(pts)


def gif_header(width, height):
    """A GIF of one frame, of the size that its header claims."""
    size = struct.pack("<HH", width, height)
    head = b"GIF89a" + size + b"\xf0\0\0" + bytes([0, 0, 0, 255, 255, 255])
    delay = b"\x21\xf9\x04\0\x04\0\0\0"
    return head + 2 * (delay + b"\x2c\0\0\0\0" + size + b"\0\x02\x02\x44\x01\0") + b";"


def test_a_huge_frame_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(5))
    monkeypatch.setattr(source_file, "LARGEST_PIXELS", 96 * 64 - 1)
    with pytest.raises(UnreadableVideoError, match=r"v\.mp4.*96 x 64 pixels"):
        probe(path)


def test_a_huge_frame_of_a_file_that_does_not_declare_it_is_refused(tmp_path):
    path = tmp_path / "v.gif"
    path.write_bytes(gif_header(8, 8))
    assert probe(path).width == 8
    path.write_bytes(gif_header(15000, 15000))
    with pytest.raises(UnreadableVideoError, match=r"v\.gif.* can be decoded"):
        probe(path)


def test_the_decoder_itself_refuses_a_frame_larger_than_its_header(
    tmp_path, monkeypatch
):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(5))
    monkeypatch.setitem(source_file.LIMITS, "max_pixels", "6000")  # 96 x 64 are more
    with pytest.raises(UnreadableVideoError, match="not one of its frames"):
        probe(path)


@pytest.mark.parametrize("aspect", [None, Fraction(2)])
def test_a_ribbon_is_refused_by_its_shape(tmp_path, aspect):
    pictures = noise_pictures(2, 700 if aspect else 1400, 20)
    path = write_video(tmp_path / "v.mkv", pictures, sample_aspect_ratio=aspect)
    for look in (probe, lambda path: SampledFrames(path, SMALL)):
        with pytest.raises(UnreadableVideoError, match=r"v\.mkv.*more than 64 times"):
            look(path)


def test_a_side_that_is_too_long_for_the_cache_names_the_flag(tmp_path):
    path = write_video(tmp_path / "v.mkv", noise_pictures(2, 400, 10), codec="ffv1")
    assert SampledFrames(path, SMALL).width == 2560
    with pytest.raises(VideoError, match=r"v\.mkv.*20000 x 500.*--short-side"):
        SampledFrames(path, DecodeConfig(short_side=500))


def test_only_want_of_memory_is_called_so():
    damaged = av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory")
    check_memory(damaged)  # there is plenty
    with pytest.raises(MemoryError):
        check_memory(av.error.BlockingIOError(errno.EAGAIN, "no thread"))


def test_want_of_memory_is_told_from_a_files_demand(monkeypatch):
    def no_bytes(count):
        assert count > LARGEST_PIXELS
        raise MemoryError

    monkeypatch.setattr(source_file, "bytes", no_bytes, raising=False)
    with pytest.raises(MemoryError):
        check_memory(av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory"))


def test_a_packet_that_claims_gigabytes_is_damage(tmp_path):
    path = write_video(tmp_path / "v.mp4", noise_pictures(30, 96, 64))
    content = bytearray(path.read_bytes())
    sizes = content.index(b"stsz") + 16
    content[sizes + 4 * 20 : sizes + 4 * 21] = b"\x7f\xff\xff\xf0"
    path.write_bytes(content)
    try:
        frames = SampledFrames(path, SMALL)
        assert 15 <= len(list(frames)) <= 30 and frames.warnings
    except VideoError as error:
        assert "v.mp4" in str(error)


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


SPECIAL = {
    "pipe": make_pipe,
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, kind):
    path = tmp_path / "v.mp4"
    SPECIAL[kind](path)
    for look in (probe, decode_ends, lambda path: SampledFrames(path, SMALL)):
        with pytest.raises(UnreadableVideoError, match=r"v\.mp4.*not a file"):
            look(path)


CONTAINERS = {
    ".mp4": "libx264",
    ".mkv": "libx264",
    ".ts": "libx264",
    ".avi": "mpeg4",
    ".flv": "flv",
    ".mpg": "mpeg2video",
    ".webm": "libvpx",
    ".gif": "gif",
}


def damaged(content: bytes, random: random.Random) -> bytes:
    """Damage a file as disks, networks and broken writers do."""
    damaged = bytearray(content)
    head = random.choice([64, 1024, len(content)])  # headers are hit more often
    for _ in range(random.choice([1, 1, 2, 8, 64])):
        at = random.randrange(min(head, len(damaged)))
        kind = random.choice(["byte", "bit", "large", "zeros", "cut", "twice"])
        if kind == "byte":
            damaged[at] = random.randrange(256)
        elif kind == "bit":
            damaged[at] ^= 1 << random.randrange(8)
        elif kind == "large":
            damaged[at : at + 4] = random.choice([b"\xff" * 4, b"\x7f\xff\xff\xff"])
        elif kind == "zeros":
            damaged[at : at + 32] = bytes(32)
        elif kind == "cut":
            del damaged[at : at + random.randrange(1, 2000)]
        else:
            damaged[at:at] = damaged[at : at + random.randrange(1, 2000)]
        damaged = damaged or bytearray(1)
    return bytes(damaged)


@pytest.mark.slow
def test_200_damaged_videos_are_decoded_or_refused_by_name(tmp_path):
    whole = {}
    for suffix, codec in CONTAINERS.items():
        options = {"deadline": "realtime"} if codec == "libvpx" else {"g": "12"}
        pixel_format = "rgb8" if codec == "gif" else "yuv420p"
        path = write_video(
            tmp_path / f"whole{suffix}",
            numbered_pictures(30),
            codec=codec,
            options=options,
            pixel_format=pixel_format,
        )
        whole[suffix] = path.read_bytes()
    items = []
    for seed in range(200):
        suffix = list(whole)[seed % len(whole)]
        path = tmp_path / "videos" / f"{seed}{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(damaged(whole[suffix], random.Random(seed)))
        output = str(tmp_path / "frames" / f"{seed}.mkv")
        items.append(Item(str(seed), (str(path),), output, 1.0, {}))
    function = "pipeline.video.caching:decode"
    job = Job("decode", function, {"config": plain(SMALL)}, tuple(items))
    resources = Resources(jobs=2, max_failures=1.0, stall_minutes=0.5)
    failed = run_job(job, tmp_path, resources)
    errors = Ledger(tmp_path, "decode").read()
    sizes = {path.stem: path.stat().st_size for path in tmp_path.glob("frames/*.mkv")}
    assert failed.keys() | sizes.keys() == {str(seed) for seed in range(200)}
    assert len(sizes) > 50 and len(failed) > 20
    assert sum(sizes.values()) < 50 * 2**20
    for id, entry in errors.items():
        assert Path(items[int(id)].inputs[0]).name in entry["message"]
        assert entry["error"] != "VideoError", entry  # those are not foreseen
