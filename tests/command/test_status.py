"""What is seen of a run before, during and after it."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import closing

import pytest

from pipeline.fanout.lock import locked
from pipeline.storage import read_json
from tests.command.commands import QUICK, command, luigi, run
from tests.dataset_maker import make_dataset

pytestmark = pytest.mark.slow

WORK = ["--dataset", "data/dataset.json", "--workdir", "work", "--jobs", "1"]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """A running luigid; yields its port."""
    state = tmp_path_factory.mktemp("luigid") / "state"
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    arguments = ["--address", "127.0.0.1", "--port", port, "--state-path", str(state)]
    process = subprocess.Popen([command("luigid"), *arguments], stderr=subprocess.PIPE)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.communicate()


def wait_for(port):
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", int(port))).close()
        except OSError:
            assert time.monotonic() < end, "luigid did not start"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def world(tmp_path_factory, scheduler):
    """A dry run, and then Evaluate by a running luigid."""
    folder = tmp_path_factory.mktemp("status")
    make_dataset(folder / "data", train=2, test=1)
    dry = luigi("Evaluate", *WORK, *QUICK, "--dry-run", cwd=folder)
    assert not (folder / "work").exists()
    places = ["--scheduler-host", "127.0.0.1", "--scheduler-port", scheduler]
    done = luigi("Evaluate", *WORK, *QUICK, *places, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, dry, done


def test_a_dry_run_tells_the_plan_and_does_nothing(world):
    _, dry, _ = world
    assert dry.returncode == 0, dry.stderr
    assert dry.stderr.startswith("SODA  tiny: 3 videos\n")
    for stage in ("DecodeVideos", "ComputeFlow", "ExtractFeatures"):
        assert cells(dry.stdout, stage)[:2] == ["–", "3"]
        assert cells(dry.stdout, stage)[2].startswith("00:00:")
    assert cells(dry.stdout, "TrainSODA") == ["–", "1", "not", "known"]
    assert "h of video, about" in dry.stdout and "tried on 2 s of data/" in dry.stdout
    command_line = dry.stdout.splitlines()[-1]
    assert "Evaluate --dataset" in command_line and "--dry-run" not in command_line


def test_a_later_dry_run_knows_how_long_it_took(world):
    folder, _, _ = world
    dry = luigi("Evaluate", *WORK, *QUICK, "--epochs", "80", "--dry-run", cwd=folder)
    assert cells(dry.stdout, "ExtractFeatures") == ["3", "–", "–"]
    assert cells(dry.stdout, "TrainSODA")[2].startswith("00:00:")
    assert "not known" not in dry.stdout and "tried on" not in dry.stdout


def cells(text, first):
    """The other cells of a table's row."""
    rows = [line.split() for line in text.splitlines()]
    (found,) = [row[1:] for row in rows if row[:1] == [first]]
    return found


def test_a_run_ends_with_its_stages_its_results_and_the_next_command(world):
    folder, _, done = world
    for stage in ("DecodeVideos", "ComputeFlow", "ExtractFeatures"):
        assert cells(done.stderr, stage)[:4] == ["–", "3", "–", "–"]
    assert cells(done.stderr, "Evaluate")[:2] == ["–", "1"]
    *_, model, detections, evaluation, after = done.stderr.splitlines()
    for line, file in (
        (model, "model.safetensors"),
        (detections, ""),
        (evaluation, ""),
    ):
        assert (folder / line.partition(": ")[2] / file).exists()
    assert after.startswith("next: luigi --module tasks Report --dataset data/")


def test_luigid_knows_how_far_each_stage_came(world, scheduler):
    query = "data=%7B%22status%22%3A%22DONE%22%2C%22upstream_status%22%3A%22%22%7D"
    address = f"http://127.0.0.1:{scheduler}/api/task_list?{query}"
    with urllib.request.urlopen(address) as answer:
        tasks = json.load(answer)["response"].values()
    known = {t["name"]: (t["progress_percentage"], t["status_message"]) for t in tasks}
    assert known["DecodeVideos"][0] == 100 == known["TrainSODA"][0]
    assert known["ComputeFlow"][1].startswith("flow: 3 videos in 00:")


def test_a_failed_run_says_what_is_missing_and_how_to_go_on(world, tmp_path):
    make_dataset(tmp_path / "data", train=2, test=1)
    (tmp_path / "data" / "train 1.mp4").write_bytes(b"no video")
    done = luigi("ExtractFeatures", *WORK, *QUICK[:8], cwd=tmp_path)
    assert done.returncode == 30
    assert cells(done.stderr, "DecodeVideos")[:4] == ["–", "2", "1", "–"]
    assert cells(done.stderr, "ComputeFlow")[:4] == ["–", "–", "–", "3"]
    assert "the workers' logs: work/jobs/decode" in done.stderr
    assert "next, to continue from here: luigi" in done.stderr.splitlines()[-1]
    shown = run("soda", "status", "work", cwd=tmp_path).stdout
    assert "2 present, unfinished" in shown
    assert "failures: 1, in work/failures/decode" in shown


def test_status_shows_every_stage(world):
    folder, _, _ = world
    done = run("soda", "status", "--json", "status.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    for text in ("DecodeVideos", "3 present", "GeneratePoints", "Evaluate", "mAP"):
        assert text in done.stdout
    (inventory,) = read_json(folder / "status.json")
    assert [entry["stage"] for entry in inventory["entries"]] == [
        *("decode", "flow", "features", "points", "train", "detect", "evaluate"),
    ]
    assert all(entry["is_finished"] for entry in inventory["entries"])


def test_damage_is_found_named_and_made_again(world, tmp_path):
    for name in ("data", "work"):
        shutil.copytree(world[0] / name, tmp_path / name)
    verify = ("soda", "status", "work", "--verify")
    assert "files are as they were written" in run(*verify, cwd=tmp_path).stdout
    flow, features = (
        next(tmp_path.glob(f"work/{folder}/*/train 0.*"))
        for folder in ("flow", "features")
    )
    before = features.read_bytes()
    content = bytearray(flow.read_bytes())
    content[-3000] ^= 1
    flow.write_bytes(content)
    features.write_bytes(before[:-1])
    found = run(*verify, cwd=tmp_path)
    assert found.returncode == 1 and "2 damaged" in found.stderr
    assert f"{flow.relative_to(tmp_path)}: expected the content" in found.stderr
    assert f"expected {len(before)} bytes as they were" in found.stderr
    done = luigi("Evaluate", *WORK, *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{flow.relative_to(tmp_path)}: expected the content" in done.stderr
    assert "ExtractFeatures done before: 2, to do: 1" in done.stderr.splitlines()[0]
    assert "TrainSODA: " not in done.stderr and features.read_bytes() == before
    assert "files are as they were written" in run(*verify, cwd=tmp_path).stdout


def test_status_of_what_is_no_work_folder_is_an_error(world):
    folder, _, _ = world
    done = run("soda", "status", "data", cwd=folder)
    assert done.returncode == 3 and "expected a work folder" in done.stderr
    done = run("soda", "status", "--dataset", "data/other.json", cwd=folder)
    assert done.returncode == 3 and "work/other" in done.stderr


def test_clean_asks_and_removes_what_it_showed(world, tmp_path):
    folder = tmp_path
    work = shutil.copytree(world[0] / "work", folder / "work")
    with locked(work, "decode job"):
        busy = run("soda", "clean", "work", "--flow", "--yes", cwd=folder)
    assert busy.returncode == 1 and "found one at decode job" in busy.stderr
    asked = run("soda", "clean", "work", "--flow", cwd=folder)  # nobody answers
    assert asked.returncode == 1 and "flow: 1" in asked.stdout
    assert list(work.glob("flow/*/*.mkv")) and list(work.glob("jobs/*"))
    done = run("soda", "clean", "work", "--flow", "--yes", cwd=folder)
    assert done.returncode == 0 and "work: removed" in done.stdout
    assert not any((work / name).exists() for name in ("flow", "jobs", "locks"))
    assert len(list(work.glob("frames/*/*.mkv"))) == 3
