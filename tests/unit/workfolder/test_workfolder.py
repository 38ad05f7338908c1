import json
from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.cli.clean import removal_lines
from pipeline.cli.status import result_text, to_json
from pipeline.errors import InputNotFoundError, SodaError
from pipeline.fanout import Ledger
from pipeline.fanout.lock import held_locks, locked
from pipeline.run.record import Record, write_record
from pipeline.storage import fingerprint, write_json
from pipeline.workfolder.cleaning import (
    Removal,
    find_removals,
    folders_by_kind,
    job_folders,
    remove,
)
from pipeline.workfolder.inventory import Result, take_inventory
from pipeline.workfolder.stages import check_work_folder, work_folders

DECODE = {"format": 3, "decode": {"fps": 25.0}}
FRAMES = fingerprint(DECODE)
FLOWS = ("1" * 12, "2" * 12)


@pytest.fixture
def work(tmp_path):
    """Three decoded videos, a failed one, and two flows of which one lacks a video."""
    folder = tmp_path / "work"
    for name in (f"frames/{FRAMES}", *(f"flow/{name}" for name in FLOWS)):
        for id in ("a", "b%2Fc", "d"):
            path = folder / name / f"{id}.mkv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(10))
    (folder / "flow" / FLOWS[1] / "a.mkv").unlink()
    videos = {id: {"frames": 5} for id in ("a", "b/c", "d")}
    record = Record("decode", DECODE, "x", 1.0, failed={"e": "broken"}, videos=videos)
    write_record(folder / "frames" / FRAMES / "done.json", record)
    for name, algorithm in zip(FLOWS, ("tvl1", "dis"), strict=True):
        parameters = {**DECODE, "flow": {"algorithm": algorithm, "bound": 20}}
        write_record(
            folder / "flow" / name / "done.json", Record("flow", parameters, "x", 1.0)
        )
    return folder


def litter(work):
    """What an interrupted run leaves behind."""
    job = work / "jobs" / "flow"
    job.mkdir(parents=True)
    (job / "order.json").write_text("{}")
    (work / "flow" / FLOWS[0] / ".tmp-x-a.mkv").write_bytes(bytes(7))
    with locked(work, "flow job"):
        pass


def test_an_inventory_needs_records_alone(work):
    frames, whole, lacking = take_inventory(work).results
    counts = [(e.present, e.missing, e.failed) for e in (frames, whole, lacking)]
    assert counts == [(3, 0, 1), (3, 0, 0), (2, 1, 0)]
    assert frames.differing == {}
    assert whole.differing == {"flow.algorithm": "tvl1"}
    assert lacking.differing == {"flow.algorithm": "dis"}
    assert frames.parameters["decode.fps"] == 25.0


def test_an_unfinished_stage_and_a_broken_record_are_shown_as_such(work):
    (work / "frames" / FRAMES / "done.json").unlink()
    (work / "flow" / FLOWS[0] / "done.json").write_text("{")
    entries = take_inventory(work).results
    assert [e.is_finished for e in entries] == [False, False, True]
    assert [e.missing for e in entries] == [None, None, None]
    assert [e.present for e in entries] == [3, 3, 2]


def test_failures_and_runs_in_progress_are_shown(work):
    Ledger(work, "flow").record("a", SodaError("no"))
    with locked(work, "flow job"):
        inventory = take_inventory(work)
    assert inventory.failures == {"flow": 1} and inventory.running == ("flow job",)
    assert held_locks(work) == []
    written = json.loads(json.dumps(to_json(inventory)))
    assert written["entries"][0]["stage"] == "decode"


def test_an_entry_is_one_line():
    made = datetime(2026, 7, 1, 16, 9)
    one = Result("flow", "ComputeFlow", True, FLOWS[0], True, 41, 2, 1, 7_300_000, made)
    assert result_text(replace(one, differing={"flow.algorithm": "dis"})) == (
        "111111111111  41 present, 2 missing, 1 failed  7.3 MB  2026-07-01 16:09  "
        "flow.algorithm=dis"
    )
    score = replace(one, is_per_video=False, average_map=52.51, size_bytes=0)
    assert "  mAP 52.5  0 B" in result_text(score)
    model = replace(one, is_per_video=False, is_finished=False)
    assert "  unfinished  " in result_text(model)


def test_only_work_folders_are_taken_for_some(work, tmp_path):
    (tmp_path / "videos").mkdir()
    assert work_folders(tmp_path) == [work] == work_folders(work)
    assert work_folders(tmp_path / "none") == []
    with pytest.raises(InputNotFoundError, match="expected a work folder"):
        check_work_folder(tmp_path / "videos")


def test_nothing_is_left_over_of_a_run_that_ended_well(work):
    assert find_removals(work) == []
    assert removal_lines(work, []) == [f"{work}: nothing to remove"]


def test_left_overs_go_and_outputs_stay(work):
    litter(work)
    removals = find_removals(work)
    assert {r.kind: (len(r.paths), r.size_bytes) for r in removals} == {
        "temporary files": (1, 7),
        "job folders": (1, 2),
        "locks": (1, 0),
    }
    remove(work, removals)
    assert find_removals(work) == []
    assert sorted(path.name for path in work.iterdir()) == ["flow", "frames"]
    assert [e.present for e in take_inventory(work).results] == [3, 3, 2]


def test_a_kind_goes_whole_and_the_others_stay(work):
    litter(work)
    remove(work, find_removals(work, ["flow"]))
    assert [path.name for path in work.iterdir()] == ["frames"]
    remove(work, find_removals(work, folders_by_kind()))
    assert list(work.iterdir()) == []


def test_what_is_not_ours_is_never_touched(work, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / ("3" * 12)).mkdir(parents=True)
    (elsewhere / ("3" * 12) / ".tmp-mine").touch()
    (work / "features").symlink_to(elsewhere)
    (work / "flow" / ("4" * 12)).symlink_to(elsewhere)
    (work / "flow" / "notes").mkdir()
    (work / "models").mkdir()
    (work / "models" / "readme.txt").touch()
    (work / "videos").mkdir()
    (work / "jobs" / "thesis").mkdir(parents=True)
    remove(work, find_removals(work, folders_by_kind()))
    assert (elsewhere / ("3" * 12) / ".tmp-mine").exists()
    kept = {str(path.relative_to(work)) for path in work.rglob("*")}
    assert kept == {
        *("features", "flow", f"flow/{'4' * 12}", "flow/notes"),
        *("models", "models/readme.txt", "videos", "jobs", "jobs/thesis"),
    }


def test_a_link_inside_an_output_is_removed_and_not_followed(work, tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(bytes(1000))
    (work / "flow" / FLOWS[0] / "linked.mkv").symlink_to(video)
    (removal,) = find_removals(work, ["flow"])
    assert removal.size_bytes < 1000 + 600
    remove(work, [removal])
    assert video.exists() and not (work / "flow").exists()


def test_a_run_in_progress_is_left_alone(work):
    litter(work)
    found = find_removals(work)
    with locked(work, "train x"):
        with pytest.raises(SodaError, match="found one at train x; nothing was"):
            find_removals(work)
        with pytest.raises(SodaError, match="try again when it has ended"):
            remove(work, found)
    assert find_removals(work) == find_removals(work) != []


def test_what_a_cluster_may_be_working_on_is_left_alone(work):
    litter(work)
    sent, job = work / "jobs" / "flow" / "slurm.json", work / "jobs" / "flow"
    write_json(sent, {"token": "t", "arrays": {"7": 0}})
    assert list(job_folders(work)) == []
    write_json(sent, {"token": "t", "arrays": {"7": 0}, "has_ended": True})
    assert list(job_folders(work)) == [job]


def test_of_many_paths_the_first_are_shown(work):
    paths = tuple(work / str(n) for n in range(7))
    lines = removal_lines(work, [Removal("locks", paths, 12_345)])
    assert lines[1] == "  locks: 7, 12.3 kB"
    assert len(lines) == 8 and lines[-1] == "    ... and 2 more"
