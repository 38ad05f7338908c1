"""The two lossless caches: the same pictures come back, from whole files only."""

import os
import subprocess

import av
import numpy as np
import pytest

from pipeline.errors import (
    DamagedFileError,
    MissingVideoError,
    SodaError,
    TruncatedVideoError,
    VideoError,
)
from pipeline.progress import silent
from pipeline.storage import plain, sha256_of
from pipeline.video import CachedFlow, CachedFrames, DecodeConfig, SampledFrames
from pipeline.video.caching import decode, write_flow
from pipeline.video.source import open_video
from tests.video_maker import noise_pictures, numbered_pictures, write_video

SMALL = DecodeConfig(short_side=64)


def decode_video(path, output, config, progress=silent):
    decode([path], output, plain(config), progress=progress)


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "source.mp4", numbered_pictures(60), 30)


@pytest.mark.parametrize(("width", "height"), [(96, 64), (97, 65), (33, 71), (1, 1)])
def test_cached_frames_are_exactly_the_sampled_ones(tmp_path, width, height):
    path = write_video(
        tmp_path / "v.mkv",
        noise_pictures(10, width, height),
        codec="ffv1",
        pixel_format="yuv444p",
    )
    config = DecodeConfig(short_side=min(width, height))
    decode_video(path, tmp_path / "cache.mkv", config)
    with CachedFrames(tmp_path / "cache.mkv") as cached:
        pairs = list(zip(cached, SampledFrames(path, config), strict=True))
    assert len(pairs) == 10
    assert all(np.array_equal(kept, sampled) for kept, sampled in pairs)


def test_the_header_tells_everything_without_decoding(tmp_path, video):
    decode_video(video, tmp_path / "cache.mkv", SMALL)
    cached = CachedFrames(tmp_path / "cache.mkv")
    assert (cached.num_frames, len(cached), cached.fps) == (50, 50, 25.0)
    assert cached.start_seconds == 0.0
    assert cached.source == {
        "name": "source.mp4",
        "size": video.stat().st_size,
        "sha256": sha256_of(video),
        "duration": 2.0,
    }
    assert cached.header == {
        "source": cached.source,
        "fps": 25.0,
        "width": 96,
        "height": 64,
        "start_seconds": 0.0,
        "num_frames": 50,
        "warnings": [],
    }


def test_warnings_are_kept(tmp_path):
    path = write_video(tmp_path / "é.h264", numbered_pictures(20), container="h264")
    decode_video(path, tmp_path / "cache.mkv", SMALL)
    cached = CachedFrames(tmp_path / "cache.mkv")
    assert "presentation time" in cached.header["warnings"][0]
    assert cached.source["name"] == "é.h264"


def test_the_same_video_gives_the_same_bytes(tmp_path, video):
    for name in ("a.mkv", "b.mkv"):
        decode_video(video, tmp_path / name, SMALL)
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


@pytest.mark.parametrize("fps", [25.0, 12.5, 30000 / 1001])
def test_players_show_the_cache_at_the_right_speed(tmp_path, video, fps):
    config = DecodeConfig(fps=fps, short_side=64)
    decode_video(video, tmp_path / "cache.mkv", config)
    with av.open(str(tmp_path / "cache.mkv")) as container:
        times = [frame.time for frame in container.decode(video=0)]
        assert float(container.streams.video[0].average_rate) == pytest.approx(fps)
        assert container.duration == pytest.approx(2e6, abs=1e6 / fps)
    np.testing.assert_allclose(times, np.arange(len(times)) / fps, atol=0.001)


def test_progress_is_the_share_of_the_frames(tmp_path):
    path = write_video(tmp_path / "v.mp4", numbered_pictures(120))
    shares = []
    decode_video(path, tmp_path / "cache.mkv", SMALL, shares.append)
    assert shares == [frames / 120 for frames in range(1, 121)]


def test_an_interruption_leaves_no_file(tmp_path, video):
    def interrupt(_share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_video(video, tmp_path / "out" / "cache.mkv", SMALL, interrupt)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_truncated_video_leaves_no_file(tmp_path):
    path = write_video(tmp_path / "v.mkv", noise_pictures(100, 96, 64))
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(TruncatedVideoError):
        decode_video(path, tmp_path / "out" / "cache.mkv", SMALL)
    assert list((tmp_path / "out").iterdir()) == []


def test_frames_that_the_encoder_cannot_take_are_named(tmp_path):
    flow = [np.zeros((16, 16386, 2), np.uint8)]
    with pytest.raises(VideoError, match="16384 pixels a side, found 16386 x 32"):
        write_flow(tmp_path / "cache.mkv", flow, 25.0, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("bits", "kind"), [(60, MemoryError), (14, VideoError)])
def test_only_a_lack_of_memory_is_called_so(bits, kind, video, monkeypatch):
    """FFmpeg reports one also for sizes that damaged headers invent."""
    monkeypatch.setattr("pipeline.video.source.LARGEST_PIXELS", 1 << bits)
    with pytest.raises(kind) as caught, open_video(video):
        raise av.error.MemoryError(12, "Cannot allocate memory")
    assert kind is MemoryError or "FFmpeg stopped at a demand" in str(caught.value)


@pytest.fixture
def tiny_disk(tmp_path):
    """A folder on a disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("num_frames", [30, 300])
def test_a_full_disk_is_one_sentence_and_leaves_no_file(
    tmp_path, tiny_disk, num_frames
):
    pictures = noise_pictures(num_frames, 96, 64)
    path = write_video(tmp_path / "v.mp4", pictures, options={"crf": "1"})
    with pytest.raises(SodaError, match=r"the disk that holds .*disk is full"):
        decode_video(path, tiny_disk / "cache.mkv", SMALL)
    assert list(tiny_disk.iterdir()) == []


def test_a_disk_full_to_the_last_block_is_noticed_too(tmp_path, tiny_disk, video):
    decode_video(video, tmp_path / "cache.mkv", SMALL)
    need = (tmp_path / "cache.mkv").stat().st_size
    (tiny_disk / "other").write_bytes(bytes(256 * 1024 - need + 4096))
    with pytest.raises(SodaError, match="is full"):
        decode_video(video, tiny_disk / "cache.mkv", SMALL)
    assert os.listdir(tiny_disk) == ["other"]


def test_leaving_the_block_closes_what_was_begun(tmp_path, video):
    decode_video(video, tmp_path / "cache.mkv", SMALL)
    with CachedFrames(tmp_path / "cache.mkv") as cached:
        pictures = iter(cached)
        next(pictures)
    assert list(pictures) == []


def test_two_iterations_do_not_disturb_each_other(tmp_path, video):
    decode_video(video, tmp_path / "cache.mkv", SMALL)
    cached = CachedFrames(tmp_path / "cache.mkv")
    assert all(np.array_equal(a, b) for a, b in zip(cached, cached, strict=True))


def test_a_missing_cache_is_missing(tmp_path):
    with pytest.raises(MissingVideoError, match=r"nowhere\.mkv"):
        CachedFrames(tmp_path / "nowhere.mkv")


def test_a_video_that_is_no_cache_is_refused(video):
    with pytest.raises(DamagedFileError, match="SODA tag is missing"):
        CachedFrames(video)


def test_a_damaged_cache_is_refused(tmp_path, video):
    path = tmp_path / "cache.mkv"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DamagedFileError, match="delete the file"):
        CachedFrames(path)
    decode_video(video, path, SMALL)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DamagedFileError, match="delete"):
        list(CachedFrames(path))


@pytest.mark.parametrize(("height", "width"), [(64, 96), (65, 97), (9, 7)])
def test_flow_comes_back_exactly(tmp_path, height, width):
    flow = [picture[..., :2] for picture in noise_pictures(20, width, height)]
    path = tmp_path / "flow.mkv"
    write_flow(path, flow, 25.0, {"algorithm": "tvl1"})
    cached = CachedFlow(path)
    assert cached.header == {"algorithm": "tvl1", "num_frames": 20, "fps": 25.0}
    assert (cached.num_frames, cached.fps) == (20, 25.0)
    assert all(np.array_equal(*pair) for pair in zip(cached, flow, strict=True))


def test_flow_is_viewable_with_x_above_y(tmp_path):
    still = np.full((10, 20, 2), 128, np.uint8)
    still[..., 1] = 200
    write_flow(tmp_path / "flow.mkv", [still], 25.0, {})
    with av.open(str(tmp_path / "flow.mkv")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    assert picture.shape == (20, 20)
    assert (picture[:10] == 128).all() and (picture[10:] == 200).all()


def test_the_same_flow_gives_the_same_bytes(tmp_path):
    flow = [picture[..., :2] for picture in noise_pictures(5, 96, 64)]
    for name in ("a.mkv", "b.mkv"):
        write_flow(tmp_path / name, flow, 25.0, {})
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_no_flow_and_uneven_flow_are_refused(tmp_path):
    path = tmp_path / "out" / "flow.mkv"
    with pytest.raises(ValueError, match="at least one"):
        write_flow(path, [], 25.0, {})
    uneven = [np.zeros((8, 8, 2), np.uint8), np.zeros((8, 9, 2), np.uint8)]
    with pytest.raises(ValueError, match=r"shape \(16, 8\).*\(16, 9\)"):
        write_flow(path, uneven, 25.0, {})
    assert list(path.parent.iterdir()) == []


def test_a_header_longer_than_its_space_is_refused(tmp_path):
    still = np.full((10, 20, 2), 128, np.uint8)
    with pytest.raises(ValueError, match="header of at most"):
        write_flow(tmp_path / "flow.mkv", [still], 25.0, {"text": "a" * 20000})
    assert list(tmp_path.iterdir()) == []


def test_a_header_may_fill_its_space(tmp_path):
    still = np.full((10, 20, 2), 128, np.uint8)
    header = {"text": "a" * 16000}
    write_flow(tmp_path / "flow.mkv", [still], 25.0, header)
    written = {**header, "num_frames": 1, "fps": 25.0}
    assert CachedFlow(tmp_path / "flow.mkv").header == written
