import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.console import summary
from pipeline.console.status import StageStatus, read_status
from pipeline.console.summary import next_command, results, summary_row
from pipeline.fanout import Item
from pipeline.fanout.job import forget_stale
from pipeline.run.config import make_config
from pipeline.run.record import Record
from pipeline.stages.decode import DECODE
from pipeline.stages.detect import DETECT
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.flow import FLOW
from pipeline.workfolder.stages import all_stages
from tests.dataset_maker import entry, write_manifest
from tests.run_maker import make_run, with_options

ROOT = Path(__file__).parents[3]
BEFORE = StageStatus(DECODE, done=5, of=20)


@pytest.fixture
def run(tmp_path):
    """A run on one test video, which is not there."""
    absent = entry(tmp_path / "a.mp4", "test", "right", range(5))
    manifest = write_manifest(tmp_path, [absent])
    return make_run(manifest, make_config("soda", {}), tmp_path / "work")


def test_what_was_done_is_told_from_what_was_there_before():
    record = Record("decode", {}, "x", seconds=61.0)
    after = replace(BEFORE, done=17, failed=2, record=record)
    row = summary_row(BEFORE, after)
    assert row == ["DecodeVideos", "5", "12", "2", "1", "00:01:01"]


def test_the_time_of_an_earlier_run_is_not_that_of_this_one():
    old = replace(BEFORE, done=20, record=Record("decode", {}, "x", seconds=61.0))
    assert summary_row(old, old) == ["DecodeVideos", "20", "–", "–", "–", "–"]


def test_stages_stand_in_the_order_of_the_work_each_once(run):
    assert [stage.name for stage in EVALUATE.chain(run)] == [
        *("decode", "flow", "features", "points", "train", "detect", "evaluate"),
    ]
    assert [s.of - s.done for s in read_status(run, FLOW)] == [1, 1]


def test_a_replaced_video_is_to_do_in_every_stage(tmp_path):
    paths = [tmp_path / f"{name}.mp4" for name in "ab"]
    for path in paths:
        path.write_text("first")
    manifest = write_manifest(
        tmp_path, [entry(p, "test", "right", range(5)) for p in paths]
    )
    run = make_run(manifest, make_config("soda", {}), tmp_path / "work")
    for stage in (DECODE, FLOW):
        outputs = [stage.video_file(run, name) for name in "ab"]
        inputs = paths if stage is DECODE else [DECODE.video_file(run, n) for n in "ab"]
        items = [
            Item(out.stem, (str(path),), str(out), 1.0, {})
            for path, out in zip(inputs, outputs, strict=True)
        ]
        forget_stale(items)
        for output in outputs:
            output.write_text("made")
    assert [s.done for s in read_status(run, FLOW)] == [2, 2]
    paths[0].write_text("another")
    os.utime(paths[0], (1, 1))  # as a downloader dates it: older than what was made
    assert [(s.done, s.of) for s in read_status(run, FLOW)] == [(1, 2), (1, 2)]


@pytest.mark.parametrize("stage", all_stages(), ids=lambda stage: stage.name)
def test_a_finished_stage_names_its_results_and_a_task_that_exists(
    run, stage, monkeypatch
):
    monkeypatch.setattr("sys.argv", ["luigi", "--module", "tasks", stage.task])
    assert results(run, stage)
    command = next_command(run, stage)
    assert (command is None) == (stage.name in ("report", "experiment"))
    if command:
        task = command.split()[3]
        assert task in {s.task for s in all_stages()} and task != stage.task


def test_every_stage_has_a_task():
    text = (ROOT / "tasks.py").read_text(encoding="utf-8")
    classes = re.findall(r"class (\w+)\(StageTask\):.*?stage = (\w+)", text, re.DOTALL)
    assert classes == [(stage.task, stage.name.upper()) for stage in all_stages()]


def test_after_detection_comes_what_the_dataset_allows(run, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["luigi", "DetectActions"])
    assert next_command(run, DETECT) == "luigi Evaluate"
    unknown = entry(tmp_path / "b.mp4", "test", "right", range(5)) | {"segments": []}
    manifest = write_manifest(tmp_path, [unknown])
    assert next_command(with_options(run, dataset=str(manifest)), DETECT) == (
        "luigi Report"
    )


def test_an_unfinished_run_says_how_to_go_on(run, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["luigi", "--module", "tasks", "DecodeVideos"])
    summary.close_run(run, DECODE, read_status(run, DECODE))
    said = capsys.readouterr().err
    assert "next, to continue from here: luigi --module tasks DecodeVideos" in said
