from pathlib import Path

import pytest

from pipeline.console.announce import say_need
from pipeline.console.disk import DiskNeed, disk_need
from pipeline.run.config import make_config
from pipeline.run.run import Run
from pipeline.stages.decode import DECODE
from pipeline.stages.features import FEATURES
from pipeline.video.safe_probe import probe_apart
from tests.dataset_maker import entry, write_manifest
from tests.run_maker import make_run
from tests.video_maker import moving_square_pictures, write_video

SECONDS, PIXELS = 2.0, 50 * 384 * 256  # of one video, short side 256
FEATURE_BYTES = 50 / 16 * 4 * 2048


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> Path:
    """Three videos that are alike, and one that is none."""
    folder = tmp_path_factory.mktemp("disk")
    paths = [folder / f"{name}.mp4" for name in "abcd"]
    for path in paths[:-1]:
        write_video(path, moving_square_pictures(50, range(10, 20)))
    paths[-1].write_bytes(b"not a video")
    return write_manifest(folder, [entry(p, "test", "right", range(5)) for p in paths])


def run_of(manifest: Path, workdir: Path, cache: str = "all") -> Run:
    return make_run(manifest, make_config("soda", {}), workdir, cache=cache)


def test_the_need_is_that_of_the_videos_that_are_left(manifest, tmp_path):
    run = run_of(manifest, tmp_path / "not there yet" / "work")
    need = disk_need(run, FEATURES)
    assert need.video_seconds == pytest.approx(3 * SECONDS, rel=0.01)
    assert need.needed_bytes == pytest.approx(
        3 * (0.47 * PIXELS + FEATURE_BYTES), rel=0.01
    )
    done = DECODE.video_file(run, "a")
    done.parent.mkdir(parents=True)
    done.touch()
    left = disk_need(run, FEATURES)
    assert left.video_seconds == pytest.approx(need.video_seconds)  # flow is missing
    assert need.needed_bytes - left.needed_bytes == pytest.approx(
        0.41 * PIXELS, rel=0.01
    )


def test_one_pass_needs_room_for_features_alone(manifest, tmp_path):
    need = disk_need(run_of(manifest, tmp_path, "features"), FEATURES)
    assert need.needed_bytes == pytest.approx(3 * FEATURE_BYTES, rel=0.01)


def test_videos_that_are_not_there_need_nothing(tmp_path):
    absent = write_manifest(
        tmp_path, [entry(tmp_path / "a.mp4", "test", "right", range(5))]
    )
    need = disk_need(run_of(absent, tmp_path), FEATURES)
    assert (need.video_seconds, need.needed_bytes) == (0, 0)


def test_the_need_is_said_and_warned_of(capsys):
    say_need(DiskNeed(7200, 7.3e9, 8_000_000_000))
    text = "2.00 h of video, about 7.3 GB on disk (8.0 GB free)\n"
    assert capsys.readouterr().err == text
    say_need(DiskNeed(7200, 8.3e9, 8_000_000_000))
    assert "--cache features" in capsys.readouterr().err


def test_a_video_that_ends_or_holds_up_its_reader_holds_up_no_run(
    manifest, tmp_path, monkeypatch
):
    code = """
import os, signal, time
import av

def open(path, *more, really_open=av.open, **options):
    if path.endswith("a.mp4"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.endswith("b.mp4"):
        time.sleep(600)
    return really_open(path, *more, **options)

av.open = open
"""
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("pipeline.video.safe_probe.LONGEST_SECONDS", 4.0)
    found = probe_apart([manifest.with_name(f"{name}.mp4") for name in "cabdc"])
    assert [info and info.duration_seconds for info in found] == [
        *(SECONDS, None, None, None, SECONDS)
    ]
