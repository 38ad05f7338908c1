from pathlib import Path

import pytest

from pipeline.console import calibration
from pipeline.console.calibration import Meter, TimeUpError, calibrate, cut_clip
from pipeline.console.disk import DiskNeed
from pipeline.console.forecast import Forecast, StageForecast, make_forecast
from pipeline.console.status import read_status
from pipeline.errors import VideoError
from pipeline.run.config import make_config
from pipeline.run.record import Record, write_record
from pipeline.run.run import Run
from pipeline.stages.decode import DECODE
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import FEATURES
from pipeline.stages.flow import FLOW
from pipeline.stages.points import POINTS
from pipeline.stages.train import TRAIN
from pipeline.video import DecodeConfig, SampledFrames, probe
from tests.dataset_maker import entry, write_manifest
from tests.run_maker import make_run, with_options
from tests.video_maker import moving_square_pictures, write_video

CHANGES = {
    "decode": {"short_side": 64},
    "flow": {"algorithm": "farneback"},
    "features": {"streams": "flow", "flow_features": "hof"},
}
FRAMES = 150  # of a video, 6 s


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """A manifest of two equal videos."""
    folder = tmp_path_factory.mktemp("forecast")
    paths = [folder / f"{name}.mp4" for name in "ab"]
    for path in paths:
        write_video(path, moving_square_pictures(FRAMES, range(10, 20)))
    return write_manifest(folder, [entry(p, "test", "right", range(5)) for p in paths])


@pytest.fixture
def run(videos, tmp_path, one_thread) -> Run:
    config = make_config("soda", CHANGES)
    return make_run(videos, config, tmp_path / "work", jobs=2)


def seconds(run, stage=EVALUATE):
    forecast = make_forecast(run, stage, read_status(run, stage))
    return {s.task: s.seconds for s in forecast.stages}, forecast


def test_a_clip_is_two_seconds_from_the_middle(videos, tmp_path):
    cut_clip(videos.parent / "a.mp4", tmp_path / "clip.mkv", 2.0)
    frames = sum(1 for _ in SampledFrames(tmp_path / "clip.mkv", DecodeConfig()))
    assert 40 <= frames <= 75
    assert probe(tmp_path / "clip.mkv").fps == pytest.approx(25)


def test_what_is_no_video_cannot_be_cut(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(VideoError):
        cut_clip(tmp_path / "a.mp4", tmp_path / "clip.mkv", 2.0)


@pytest.mark.parametrize("cache", ["all", "features"])
def test_stages_are_tried_on_a_video_and_leave_nothing(run, cache):
    video, rates = calibrate(with_options(run, cache=cache), [FEATURES])
    assert video and video.name == "b.mp4"
    stages = {"all": {DECODE, FLOW, FEATURES}, "features": {FEATURES}}
    assert set(rates) == stages[cache]
    assert all(1 < rate < 100_000 for rate in rates.values())
    assert not run.workdir.exists()


def test_a_stage_that_takes_long_is_measured_by_what_it_did(run, monkeypatch):
    monkeypatch.setattr(calibration, "MOST_SECONDS", 0.0)
    video, rates = calibrate(run, [FEATURES])
    assert video and FEATURES not in rates


def test_unreadable_videos_leave_the_time_unknown(run, tmp_path):
    (tmp_path / "c.mp4").write_bytes(b"no video")
    manifest = write_manifest(
        tmp_path, [entry(tmp_path / "c.mp4", "test", "right", range(5))]
    )
    times, forecast = seconds(with_options(run, dataset=str(manifest)))
    assert times["DecodeVideos"] is None and forecast.clip_of is None
    assert forecast.unknown[0] == "DecodeVideos" and forecast.seconds == 0.0


def test_the_meter_counts_from_the_warming_up_on(monkeypatch):
    now = iter([0.0, 5.0, 9.0, 11.0, 13.0, 14.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    meter = Meter(warm_up=2)
    for share in (0.1, 0.2, 0.6, 1.0):
        meter(share)
    assert meter.rate(100.0) == pytest.approx(80 / 5)


def test_the_meter_ends_what_takes_long(monkeypatch):
    meter = Meter(warm_up=0)
    meter(0.5)
    monkeypatch.setattr(calibration, "MOST_SECONDS", -1.0)
    with pytest.raises(TimeUpError):
        meter(0.6)


def test_a_stage_is_as_fast_as_its_record_says_divided_by_the_workers(run):
    record = Record("decode", DECODE.identity(run), "of other videos", 9.0, rate=10.0)
    write_record(DECODE.record_path(run), record)
    times, forecast = seconds(run, DECODE)
    assert times["DecodeVideos"] == pytest.approx(2 * FRAMES / 10 / 2, rel=0.02)
    assert forecast.clip_of is None


def test_one_piece_of_work_takes_as_long_as_it_last_did(run):
    for stage in (POINTS, TRAIN):
        other = {"train": {"epochs": run.config.train.epochs // 3}}
        path = stage.record_path(run)
        path = path.parent.with_name("0" * 12) / path.name if stage is TRAIN else path
        write_record(path, Record(stage.name, other, "x", seconds=20.0))
    times, forecast = seconds(run)
    assert times["GeneratePoints"] == 20 and times["TrainSODA"] == 60
    assert forecast.unknown == ("DetectActions", "Evaluate")


def test_a_plan_is_a_table_with_notes():
    stages = (
        StageForecast("DecodeVideos", 120, 0, 0.0),
        StageForecast("ComputeFlow", 0, 93, 3600.0),
        StageForecast("TrainSODA", 0, 1, None),
    )
    plan = Forecast(stages, DiskNeed(7200, 2e9, 10**9), 4, Path("a.mp4"))
    assert plan.rows() == [
        ("DecodeVideos", "120", "–", "–"),
        ("ComputeFlow", "–", "93", "01:00:00"),
        ("TrainSODA", "–", "1", "not known"),
        ("all", "", "", "01:00:00"),
    ]
    text = "\n".join(plan.notes())
    assert "2.00 h of video, about 2.0 GB on disk (1.0 GB free); 4 videos" in text
    assert "tried on 2 s of a.mp4" in text and "not counted: TrainSODA" in text
    assert "warning: the disk may be too small" in text
