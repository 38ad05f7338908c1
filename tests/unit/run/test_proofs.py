"""Files that were damaged after they were written are noticed, named and made again."""

import json
import os
import shutil
import time

import pytest

from pipeline.cli.status import verify_folder
from pipeline.errors import SodaError
from pipeline.run.config import make_config
from pipeline.run.record import Record, read_record, write_record
from pipeline.run.work import is_done, run_stage, run_up_to
from pipeline.stages.detect import DETECT
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import FEATURES
from pipeline.stages.report import REPORT
from pipeline.stages.train import TRAIN
from pipeline.storage import (
    WRITTEN,
    check_whole,
    note_written,
    read_json,
    sizes_in,
    write_json,
)
from tests.run_maker import make_run, run_here
from tests.timeline_maker import write_timeline

TRAINING = {"cells": 16, "hidden": 16, "epochs": 2}
RESULTS = (
    *("features/*/*.safetensors", "points/*.csv", "models/*/model.safetensors"),
    *("detections/*/detections.*", "detections/*/cas/*"),
)


@pytest.fixture(autouse=True)
def workers_here(monkeypatch):
    run_here(monkeypatch)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A work folder in which all stages are done, on features that are drawn."""
    folder = tmp_path_factory.mktemp("proofs")
    write_timeline(folder / "timeline")
    with pytest.MonkeyPatch.context() as patch:
        run_here(patch)
        run_up_to(run_in(folder), REPORT)
    return folder


@pytest.fixture
def run(world, tmp_path):
    """The same run in a copy of the work folder."""
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    found = run_in(tmp_path)
    assert is_done(found, REPORT)
    return found


def run_in(folder):
    config = make_config("soda", {"train": TRAINING})
    places = {"timeline": folder / "timeline", "device": "cpu"}
    return make_run("simulated", config, folder / "work", **places)


def only(run, pattern):
    return sorted(run.workdir.glob(pattern))[0]


def results(run):
    return {
        path.relative_to(run.workdir): path.read_bytes()
        for pattern in RESULTS
        for path in run.workdir.glob(pattern)
    }


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def flip(path):
    """Change one bit, and keep the time, as a failing disk does."""
    content, status = bytearray(path.read_bytes()), path.stat()
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit(path):
    path.write_text(path.read_text() + "video_validation_1,1.0,Jump,action\n")


def change_map(path):
    content = read_json(path)
    write_json(path, content | {"average_map": content["average_map"] + 1})


LOSSES = {
    "cut features": ("features/*/video_validation_1.safetensors", cut),
    "edited clicks": ("points/*.csv", edit),
    "no networks": ("models/*/model.safetensors", os.unlink),
    "no description": ("models/*/config.json", os.unlink),
    "no curves": ("models/*/events", shutil.rmtree),
    "no table": ("detections/*/detections.csv", os.unlink),
    "cut detections": ("detections/*/detections.json", cut),
    "no sequences": ("detections/*/cas", shutil.rmtree),
    "changed scores": ("evaluation/*.json", change_map),
    "no page of a video": ("report/*/videos/*.html", os.unlink),
    "no style": ("report/*/assets/*", os.unlink),
    "cut record of features": ("features/*/done.json", cut),
    "cut record of clicks": ("points/*.json", cut),
    "cut record of the model": ("models/*/done.json", cut),
    "cut record of the pages": ("report/*/done.json", cut),
    "record of another kind": ("report/*/done.json", lambda p: p.write_text("[1]")),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_lost_file_is_named_and_made_again(name, run, capfd):
    pattern, damage = LOSSES[name]
    path, before = only(run, pattern), results(run)
    damage(path)
    assert not is_done(run, REPORT)
    run_up_to(run, REPORT)
    assert is_done(run, REPORT) and path.exists()
    assert results(run) == before
    assert path.name in capfd.readouterr().err
    assert "as they were written" in verify_folder(run.workdir)


def test_of_many_videos_only_the_damaged_one_is_made_again(run):
    first, *others = sorted(run.workdir.glob("features/*/*.safetensors"))
    before = [path.stat().st_mtime_ns for path in others]
    cut(first)
    run_up_to(run, REPORT)
    assert [path.stat().st_mtime_ns for path in others] == before


USED = {
    "features": ("features/*/video_validation_2.safetensors", TRAIN),
    "clicks": ("points/*.csv", TRAIN),
    "networks": ("models/*/model.safetensors", DETECT),
    "description": ("models/*/config.json", DETECT),
    "description on the card": ("models/*/config.json", EVALUATE),
    "detections": ("detections/*/detections.json", EVALUATE),
    "sequences": ("detections/*/cas/*", REPORT),
}


@pytest.mark.parametrize("name", USED)
def test_a_flipped_bit_is_noticed_before_the_file_is_used(name, run, capfd):
    pattern, user = USED[name]
    path, before = only(run, pattern), results(run)
    flip(path)
    with pytest.raises(SodaError, match=f"(?s)1 damaged.*{path.name}: expected the co"):
        verify_folder(run.workdir)
    chain = REPORT.chain(run)
    for stage in chain[chain.index(user) :]:
        shutil.rmtree(stage.folder(run))
    run_up_to(run, REPORT)
    assert results(run) == before
    assert f"{path}: expected the content" in capfd.readouterr().err


def test_a_file_that_is_damaged_again_and_again_ends_the_run(run, monkeypatch):
    path = only(run, "features/*/video_validation_1.safetensors")
    TRAIN.record_path(run).unlink()
    flip(path)
    monkeypatch.setattr("pipeline.run.work.prove_files", lambda *_: bad(path))
    with pytest.raises(SodaError, match=rf"{path.name}: expected the content"):
        run_stage(run, TRAIN)


def bad(path):
    return {path.name: [path.stat().st_size, "0" * 64]}


def test_a_record_of_an_older_version_stays_valid(run):
    for path in run.workdir.glob("*/*/done.json"):
        content = read_json(path)
        del content["seal"], content["record"]["files"]
        write_json(path, content)
    assert is_done(run, REPORT)
    TRAIN.record_path(run).unlink()
    run_up_to(run, REPORT)
    assert is_done(run, REPORT)


def test_a_plan_that_was_cut_is_written_again(run, capfd):
    plan, features = only(run, "plans/*/*.json"), only(run, "features/*/*.safetensors")
    cut(plan)
    features.unlink()
    run_up_to(run, REPORT)
    read_json(plan)
    assert f"{plan}: expected JSON as this program wrote it" in capfd.readouterr().err


def test_work_that_a_kill_cut_short_is_proven_too(run, capfd):
    """Workers' notes prove files before there is a record."""
    record = FEATURES.record_path(run)
    for path in run.workdir.glob("features/*/*.safetensors"):
        note_written(path)
    record.unlink()
    one, other = sorted(run.workdir.glob("features/*/*.safetensors"))[:2]
    with (one.parent / WRITTEN).open("a") as file:
        file.write('["cut by the ki')
    cut(one)
    flip(other)
    before = one.stat().st_mtime_ns, other.stat().st_mtime_ns
    run_stage(run, FEATURES)
    assert one.stat().st_mtime_ns > before[0]
    assert f"{one}: not of the size that was written" in capfd.readouterr().err
    assert not (one.parent / WRITTEN).exists()
    with pytest.raises(SodaError, match=f"{other.name}: expected the content"):
        check_whole(other)


def test_a_seal_covers_every_value_of_a_record(tmp_path):
    path = tmp_path / "done.json"
    files = {"a": [1, "x"], "b": None}
    record = Record("decode", {"a": 1.5}, "x", 2.0, videos={"é": 1}, files=files)
    write_record(path, record)
    text = path.read_text()
    assert read_record(path).digest == record.digest
    for old, new in (("1.5", "1.6"), ("2.0", "3.0"), ('"x"', '"y"'), ("é", "e")):
        path.write_text(text.replace(old, new, 1))
        assert read_record(path) is None, new


def test_twenty_thousand_finished_videos_are_found_done_in_time(tmp_path):
    """Stands for three stages of which each may take a second."""
    folder, count = tmp_path / "frames", 20_000
    folder.mkdir()
    sizes = {f"video_{i:07d}.mkv": i % 7 for i in range(count)}
    for name, size in sizes.items():
        (folder / name).write_bytes(bytes(size))
    facts = {"frames": 3, "fps": 25.0, "start_seconds": 0.0, "end_seconds": 0.12}
    videos = {name: {**facts, "source_sha256": "ab" * 32} for name in sizes}
    files = {name: [size, "ab" * 32] for name, size in sizes.items()}
    record = Record("decode", {}, "x", 1.0, videos=videos, files=files)
    write_record(folder / "done.json", record)
    began = time.process_time()
    found = read_record(folder / "done.json")
    assert json.dumps(found.lost(sizes_in(folder))) == "[]"
    assert time.process_time() - began < 1
