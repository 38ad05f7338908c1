"""What a long run meets on one machine: kills, full disks, hangs, other runs."""

import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import make_config
from pipeline.errors import SodaError
from pipeline.fanout import Resources
from pipeline.run import Run
from pipeline.stages import STAGES, is_done, run_stage, run_up_to
from pipeline.storage import TEMPORARY_PREFIX, read_json
from tests.command.commands import command, luigi, run
from tests.dataset_maker import make_dataset

pytestmark = pytest.mark.slow

CHANGES = {
    "decode": {"short_side": 64},
    "flow": {"algorithm": "farneback"},
    "features": {"streams": "flow", "flow_features": "hof"},
    "train": {"cells": 16, "hidden": 32, "epochs": 10},
}
FLAGS = [
    *("--short-side", "64", "--flow", "farneback"),
    *("--streams", "flow", "--flow-features", "hof"),
    *("--cells", "16", "--hidden", "32", "--epochs", "10"),
]
# What must come out the same to the last byte.
RESULTS = (
    "frames/*/[!.]*.mkv",
    "flow/*/[!.]*.mkv",
    "features/*/[!.]*.safetensors",
    "points/*.csv",
    "models/*/model.safetensors",
    "detections/*/detections.json",
    "detections/*/cas/*.safetensors",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A dataset and a work folder on which all stages have run."""
    folder = tmp_path_factory.mktemp("world")
    make_dataset(folder / "data", train=2, test=1)
    run_up_to(run_in(folder / "work", folder), "report")
    return folder


def run_in(workdir, world):
    """The run that the flags stand for, in this process."""
    config = make_config("soda", CHANGES)
    dataset = str(world / "data" / "dataset.json")
    return Run(dataset, config, workdir, device="cpu", resources=Resources(jobs=2))


def start(workdir, world, *more, task="Report"):
    """The command, its output in a file beside the work folder."""
    places = ["--dataset", world / "data" / "dataset.json", "--workdir", workdir]
    arguments = [*places, "--jobs", "2", *FLAGS, *more]
    with said_by(workdir).open("ab") as log:
        return subprocess.Popen(
            [command("luigi"), "--module", "tasks", task, *map(str, arguments)],
            cwd=workdir.parent,
            stdout=log,
            stderr=log,
        )


def said_by(workdir):
    return workdir.with_name(f"{workdir.name}.log")


def results(workdir):
    """The content of all that matters, by name."""
    return {
        str(path.relative_to(workdir)): path.read_bytes()
        for pattern in RESULTS
        for path in workdir.glob(pattern)
    }


def assert_same_results(workdir, world):
    expected = results(world / "work")
    found = results(workdir)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def assert_nothing_half_written(workdir):
    assert not list(workdir.rglob(f"{TEMPORARY_PREFIX}*"))
    assert not list(workdir.rglob("*.tmp"))


def processes_of(workdir):
    """The ids of all processes, Luigi's and the workers', with the folder's name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(os.fsencode(workdir)) for word in words):
            found.append(int(path.parent.name))
    return found


def wait_until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def kill_at_random(workdir, world, done_before, seed, kills):
    """Run the command again and again, killing one of its processes now and then."""
    choose, process = random.Random(seed), None
    while kills:
        if process is None:
            begin(workdir, world, done_before)
            said_by(workdir).unlink(missing_ok=True)
            process = start(workdir, world)
            wait_until(lambda: b"SODA  tiny" in said_by(workdir).read_bytes())
        time.sleep(choose.uniform(0, 3))
        if victims := processes_of(workdir):
            os.kill(choose.choice(victims), signal.SIGKILL)
            kills -= 1
            time.sleep(choose.uniform(0, 0.2))
        if process.poll() is not None:
            # Done, killed itself, or two of its workers were killed at one video.
            assert process.returncode in (0, 30, -signal.SIGKILL)
            assert "Traceback" not in said_by(workdir).read_text()
            if process.returncode == 0:
                assert_same_results(workdir, world)
                shutil.rmtree(workdir)
            process = None
    if process:
        process.wait()


def begin(workdir, world, done_before):
    """Make the work folder with what some stages have left, if it is not there."""
    workdir.mkdir(exist_ok=True)
    for folder in done_before:
        if not (workdir / folder).exists():
            shutil.copytree(world / "work" / folder, workdir / folder)


@pytest.mark.parametrize("seed", [0])
def test_kills_at_any_moment_change_no_result(world, tmp_path, seed):
    def chain(done_before):
        workdir = tmp_path / f"work-{len(done_before)}"
        name = f"{seed} {workdir.name}"
        kill_at_random(workdir, world, done_before, name, kills=16)
        last = start(workdir, world)
        assert last.wait() in (0, 30), said_by(workdir).read_text()
        if last.returncode == 30:  # given up by the killer's chance: another try
            assert start(workdir, world).wait() == 0, said_by(workdir).read_text()
        return workdir

    # What is killed are mostly workers in the one, and in the other Luigi itself.
    with ThreadPoolExecutor() as pool:
        for workdir in pool.map(chain, [(), ("frames", "flow", "features")]):
            assert_same_results(workdir, world)
            assert_nothing_half_written(workdir)
            wait_until(lambda folder=workdir: not processes_of(folder), seconds=10)
