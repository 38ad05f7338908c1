"""The whole road, as a user walks it: exit codes, files, resume."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from pipeline.storage import TEMPORARY_PREFIX, read_arrays, read_json
from tests.command.commands import QUICK, luigi, run, start_command
from tests.finished import copy_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    """A dataset and a work folder on which Evaluate has run, and what that said."""
    return copy_run(finished, tmp_path_factory.mktemp("world")), finished


@pytest.fixture
def copy(world, tmp_path):
    """A copy of `world` to change."""
    return Path(shutil.copytree(world[0], tmp_path / "copy"))


def evaluate(folder, *more, task="Evaluate"):
    dataset = folder / "data" / "dataset.json"
    places = ["--dataset", dataset, "--workdir", folder / "work"]
    return luigi(task, *places, *QUICK, *more, cwd=folder)


def only(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


def files(folder):
    """Times of files, but for logs, and a model's card, which has its last scores."""
    ignored = {"jobs", "locks", "metrics.json", "README.md"}
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not ignored & {*path.parts}
    }


def changed(before, after):
    return {name.split("/")[0] for name in after if after[name] != before.get(name)}


def test_every_stage_leaves_its_files(world):
    folder, _ = world
    work = folder / "work"
    assert len(list(work.glob("frames/*/*.mkv"))) == 6
    assert len(list(work.glob("flow/*/*.mkv"))) == 6
    assert len(list(work.glob("features/*/*.safetensors"))) == 6
    arrays, header = read_arrays(next(work.glob("features/*/train 0.safetensors")))
    assert arrays["features"].shape == (6, 1024)
    assert arrays["features"].dtype == "float32"
    assert arrays["snippet_seconds"][1].tolist() == pytest.approx([0.64, 1.28])
    assert header["made_by"]["flow"]["algorithm"] == "farneback"
    assert len(header["source"]["sha256"]) == 64
    clicks = only(work, "points/*.csv").read_text().splitlines()
    assert clicks[0] == "video_id,seconds,label,kind" and len(clicks) > 4
    model = only(work, "models/*")
    assert {p.name for p in model.iterdir()} == {
        *("model.safetensors", "config.json", "metrics.jsonl", "README.md", "events"),
        *("done.json", "metrics.json"),
    }
    assert len((model / "metrics.jsonl").read_text().splitlines()) == 40
    results = read_json(only(work, "detections/*/detections.json"))["results"]
    assert set(results) == {"test 4", "test 5"}
    cas, _ = read_arrays(only(work, "detections/*/cas/test 4.safetensors"))
    assert cas["cas"].shape == (3, 16)
    assert not list(work.rglob(f"{TEMPORARY_PREFIX}*"))


def test_the_actions_are_found_and_scored(world):
    folder, done = world
    result = read_json(only(folder / "work", "evaluation/*.json"))
    assert result["videos"] == {"scored": 2, "of": 2, "unlisted": 0}
    assert result["map"]["0.1"] > 60
    assert set(result["map"]) == {f"{n / 10:g}" for n in range(1, 8)}
    assert "mAP" in done.stdout and "2 of 2 test videos" in done.stdout


def test_the_first_line_says_what_was_done_and_what_is_to_do(world):
    _, done = world
    first = done.stderr.splitlines()[0]
    assert first.startswith("SODA  tiny: 6 videos | DecodeVideos done before: 0, to do")
    assert "ExtractFeatures done before: 0, to do: 6" in first


def test_a_second_run_does_nothing_and_shows_the_figures(world):
    folder, _ = world
    before = files(folder / "work")
    again = evaluate(folder)
    assert again.returncode == 0
    assert "done before: 6, to do: 0" in again.stderr.splitlines()[0]
    assert "Nothing to do" in again.stderr and "mAP" in again.stdout
    assert files(folder / "work") == before


def test_another_tau_cls_redoes_detection_and_evaluation_only(copy):
    before = files(copy / "work")
    assert evaluate(copy, "--tau-cls", "0.4").returncode == 0
    assert changed(before, files(copy / "work")) == {"detections", "evaluation"}


def test_another_flow_redoes_flow_and_all_below(copy):
    before = files(copy / "work")
    assert evaluate(copy, "--flow", "dis").returncode == 0
    assert changed(before, files(copy / "work")) == {
        *("flow", "features", "models", "detections", "evaluation"),
    }


def test_a_corrected_label_trains_anew_without_new_features(copy):
    path = copy / "data" / "dataset.json"
    before = files(copy / "work")
    content = json.loads(path.read_text())
    content["videos"][0]["segments"][0]["segment"][1] -= 0.2
    path.write_text(json.dumps(content))
    done = evaluate(copy)
    assert done.returncode == 0, done.stderr
    redone = changed(before, files(copy / "work"))
    assert {"points", "models", "detections"} <= redone
    assert not redone & {"flow", "features"}


def test_a_replaced_video_is_done_again_and_the_others_are_not(copy):
    before = files(copy / "work")
    shutil.copyfile(copy / "data" / "train 2.mp4", copy / "data" / "train 0.mp4")
    done = evaluate(copy)
    assert done.returncode == 0, done.stderr
    after = files(copy / "work")
    redone = {name.split("/")[-1] for name in after if after[name] != before.get(name)}
    assert {"train 0.mkv", "train 0.safetensors", "model.safetensors"} <= redone
    assert not {"train 1.mkv", "train 1.safetensors"} & redone


def test_a_run_that_caches_features_alone_gives_the_same(world, tmp_path):
    (tmp_path / "data").symlink_to(world[0] / "data")
    done = evaluate(tmp_path, "--cache", "features")
    assert done.returncode == 0, done.stderr
    assert "DecodeVideos" not in done.stderr.splitlines()[0]
    work = tmp_path / "work"
    assert not (work / "frames").exists() and not (work / "flow").exists()
    for pattern in ("features/*/*.safetensors", "detections/*/detections.json"):
        for path in world[0].glob(f"work/{pattern}"):
            same = work / path.relative_to(world[0] / "work")
            assert path.read_bytes() == same.read_bytes()


def test_a_finished_run_needs_its_caches_no_more(copy):
    before = files(copy / "work")
    done = evaluate(copy, "--cache", "features")
    assert done.returncode == 0, done.stderr
    redone = changed(before, files(copy / "work"))
    assert not redone & {"frames", "flow", "models", "detections"}
    shutil.rmtree(copy / "work" / "frames")
    shutil.rmtree(copy / "work" / "flow")
    again = evaluate(copy, "--cache", "features")
    assert again.returncode == 0 and "Nothing to do" in again.stderr


def test_a_cut_video_is_named_by_a_single_pass_too(copy):
    video = copy / "data" / "train 1.mp4"
    video.write_bytes(video.read_bytes()[:3000])
    done = evaluate(copy, "--cache", "features", "--max-failures", "0.2")
    assert done.returncode == 0, done.stderr
    ledger = only(copy / "work", "failures/features/*.json")
    assert "train 1.mp4" in read_json(ledger)["message"]


def test_the_report_can_be_opened(copy):
    done = evaluate(copy, task="Report")
    assert done.returncode == 0, done.stderr
    page = only(copy / "work", "report/*/index.html")
    assert str(page) in done.stderr
    assert "test 4" in page.read_text()


def test_a_trained_model_detects_in_a_new_video(world):
    folder, _ = world
    model = only(folder / "work", "models/*/model.safetensors").parent
    done = run(
        *("soda", "detect", folder / "data" / "test 4.mp4", "--model", model),
        *("--output", folder / "found"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    by_run = only(folder / "work", "detections/*/detections.json")
    found = read_json(folder / "found" / "detections.json")["results"]["test 4"]
    assert found == read_json(by_run)["results"]["test 4"]
    assert "action" in done.stdout


@pytest.fixture
def fresh(tmp_path, world):
    """The dataset of `world` beside an empty work folder."""
    (tmp_path / "data").symlink_to(world[0] / "data")
    return tmp_path


def start(folder):
    """Evaluate in a process group of its own; what it says is in a file."""
    places = ["--dataset", folder / "data" / "dataset.json", "--workdir"]
    words = [*places, folder / "work", *QUICK, "--jobs", "2"]
    with (folder / "said").open("wb") as log:
        task = ["--module", "tasks", "Evaluate"]
        return start_command("luigi", *task, *words, cwd=folder, log=log)


def wait_for(folder, pattern):
    end = time.monotonic() + 120
    while not list((folder / "work").glob(pattern)):
        assert time.monotonic() < end, f"{pattern} did not appear"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("kill", "moment"),
    [
        (signal.SIGKILL, "frames/*/[a-z]*.mkv"),
        (signal.SIGINT, "flow/*/[a-z]*.mkv"),
        (signal.SIGKILL, "features/*/[a-z]*.safetensors"),
        (signal.SIGKILL, "models/*/config.json"),
    ],
)
def test_an_interrupted_run_goes_on_to_the_same_result(fresh, world, kill, moment):
    process = start(fresh)
    wait_for(fresh, moment)
    os.killpg(process.pid, kill)
    assert process.wait(60) != 0
    said = (fresh / "said").read_text()
    if kill == signal.SIGINT:
        assert "run the same command again" in said and "Traceback" not in said
    whole = {p: n for p, n in files(fresh / "work").items() if p.endswith(".mkv")}
    kept = {p: n for p, n in whole.items() if TEMPORARY_PREFIX not in p}
    assert kept
    done = evaluate(fresh)
    assert done.returncode == 0, done.stderr
    after = files(fresh / "work")
    assert all(after[path] == time for path, time in kept.items())
    for pattern in ("detections/*/detections.json", "features/*/[!.]*.safetensors"):
        for path in (fresh / "work").glob(pattern):
            same = world[0] / "work" / path.relative_to(fresh / "work")
            assert path.read_bytes() == same.read_bytes()
