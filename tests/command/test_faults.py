"""What a long run meets on one machine: kills, full disks, hangs, other runs."""

import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import SodaError
from pipeline.run.config import make_config
from pipeline.run.work import is_done, run_stage, run_up_to
from pipeline.stages.decode import DECODE
from pipeline.stages.features import FEATURES, facts
from pipeline.stages.flow import FLOW
from pipeline.stages.report import REPORT
from pipeline.storage import TEMPORARY_PREFIX, read_arrays, read_json
from tests.command.commands import luigi, run, start_command
from tests.dataset_maker import make_dataset
from tests.run_maker import make_run

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
KILLING_SECONDS = 60.0  # at most, so that a round takes two minutes at most
# Where several runs share the machine, each starts one worker at a time.
ALONE = ("--jobs", "1")
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
    run_up_to(run_in(folder / "work", folder), REPORT)
    return folder


def run_in(workdir, world):
    """The run that the flags stand for, in this process."""
    config = make_config("soda", CHANGES)
    dataset = world / "data" / "dataset.json"
    return make_run(dataset, config, workdir, device="cpu", jobs=2)


def start(workdir, world, *more, task="Report"):
    """The command, its output in a file beside the work folder."""
    places = ["--dataset", world / "data" / "dataset.json", "--workdir", workdir]
    words = ["--module", "tasks", task, *places, "--jobs", "2", *FLAGS, *more]
    with said_by(workdir).open("ab") as log:
        return start_command("luigi", *words, cwd=workdir.parent, log=log)


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


def workers_of(workdir):
    """The ids of the workers, whose command lines have the folder's name."""
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
    end = time.monotonic() + KILLING_SECONDS
    while kills and time.monotonic() < end:
        if process is None:
            begin(workdir, world, done_before)
            said_by(workdir).unlink(missing_ok=True)
            process = start(workdir, world)
            wait_until(lambda: b"SODA  tiny" in said_by(workdir).read_bytes())
        time.sleep(choose.uniform(0, 3))
        victims = workers_of(workdir)
        if process.poll() is None:
            victims.append(process.pid)
        if victims:
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
            wait_until(lambda folder=workdir: not workers_of(folder), seconds=10)


@contextmanager
def small_disk(folder, size):
    """A disk of its own; the argument of what is yielded is given to `mount`."""
    folder.mkdir()

    def mount(*options):
        line = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        return subprocess.run(line, capture_output=True).returncode == 0

    if not mount(f"size={size}"):
        pytest.skip("mounting a small tmpfs is not permitted here")
    try:
        yield lambda *options: mount("remount", *options)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(path, left):
    """Leave so many bytes of a disk free."""
    free = shutil.disk_usage(path.parent).free
    path.write_bytes(bytes(max(free - left, 0)))


@pytest.mark.parametrize("left", [0, 24_000])
def test_a_full_disk_is_named_by_every_stage_which_goes_on_when_there_is_space(
    world, tmp_path, left
):
    with small_disk(tmp_path / "disk", "60m"):
        workdir, ballast = tmp_path / "disk" / "work", tmp_path / "disk" / "ballast"
        run, full = run_in(workdir, world), []
        for stage in REPORT.chain(run):
            fill(ballast, left)
            try:
                run_stage(run, stage)
            except SodaError as error:
                assert "is full; free some space" in str(error), stage.name
                assert str(workdir) in str(error)
                assert not is_done(run, stage)
                full.append(stage)
            assert_nothing_half_written(workdir)
            ballast.unlink()
            run_stage(run, stage)
            assert is_done(run, stage)
        assert full == list(REPORT.chain(run)) if left == 0 else FLOW in full
        assert_same_results(workdir, world)


def test_a_closed_work_folder_is_named_by_every_stage(world, tmp_path):
    workdir = tmp_path / "work"
    with small_disk(workdir, "60m") as remount:
        run = run_in(workdir, world)
        for stage in REPORT.chain(run):
            assert remount("ro")
            with pytest.raises(SodaError, match="expected a folder that can be writ"):
                run_stage(run, stage)
            assert remount("rw")
            run_stage(run, stage)
        assert_same_results(workdir, world)
        assert remount("ro")
        # What is done can be looked at, and what is not is one sentence.
        assert start(workdir, world).wait() == 0, said_by(workdir).read_text()
        assert start(workdir, world, "--short-side", "32").wait() == 1
        said = said_by(workdir).read_text()
        assert "Nothing to do" in said and "choose another --workdir" in said
        assert "Traceback" not in said


def wait_for_all(processes, workdir):
    codes = [process.wait() for process in processes]
    said = said_by(workdir).read_text()
    assert codes == [0] * len(codes), said
    return said


def test_two_runs_at_once_share_all_they_can(world, tmp_path):
    workdir = tmp_path / "work"
    other = ("--seed", "1", "--flow", "dis")
    runs = [
        start(workdir, world, *ALONE),
        start(workdir, world, *ALONE),
        start(workdir, world, *ALONE, *other, task="Evaluate"),
    ]
    said = wait_for_all(runs, workdir)
    assert said.count("decode: 3 videos in") == 1
    assert said.count("flow: 3 videos in") == 2
    assert said.count("features: 3 videos in") == 2
    assert said.count("TrainSODA: 10 epochs in") == 2
    assert_nothing_half_written(workdir)
    again = start(workdir, world, *other, task="Evaluate")
    assert wait_for_all([again], workdir).count("Nothing to do") == 1
    assert set(results(world / "work").items()) <= set(results(workdir).items())


def test_runs_of_other_clicks_or_caches_wait_for_each_other(world, tmp_path):
    workdir, clicks = tmp_path / "work", []
    for second in (1.0, 2.0):
        clicks.append(tmp_path / f"{second}.csv")
        rows = ["video_id,seconds,label", f"train 0,{second},right", "train 1,1,down"]
        clicks[-1].write_text("\n".join(rows) + "\n")
    runs = [
        start(workdir, world, *ALONE, "--cache", "features"),
        *(start(workdir, world, *ALONE, "--points-file", path) for path in clicks),
    ]
    said = wait_for_all(runs, workdir)
    assert said.count("another run uses it") == 2
    assert_nothing_half_written(workdir)
    records = list(workdir.glob("points/*.json"))
    points = {read_json(r)["origin"]: r.with_suffix(".csv") for r in records}
    assert len(records) == len(list(workdir.glob("models/*/done.json"))) == 3
    for path in clicks:
        assert f"train 0,{path.stem},right" in points[str(path)].read_text()
    assert set(results(world / "work").items()) <= set(results(workdir).items())


def test_what_is_no_file_holds_nobody_up(tmp_path):
    data = tmp_path / "data"
    make_dataset(data, train=2, test=1)
    (data / "train 0.mp4").unlink()
    os.mkfifo(data / "train 0.mp4")
    done = luigi(
        *("DecodeVideos", "--dataset", data / "dataset.json", "--workdir", "work"),
        *("--short-side", "64"),
        cwd=tmp_path,
    )
    assert done.returncode == 30
    assert "1 of 3 videos failed" in done.stderr
    assert "train 0.mp4: expected a video, but it is not a file" in done.stderr
    assert len(list(tmp_path.glob("work/frames/*/*.mkv"))) == 2
    checked = run("soda", "check", data / "dataset.json", cwd=tmp_path)
    assert checked.returncode != 0 and "it is not a file" in checked.stdout
    for words in (["init", data], ["detect", data / "train 0.mp4", "--model", data]):
        assert "Traceback" not in run("soda", *words, cwd=tmp_path).stderr


def test_a_replaced_video_is_taken_whatever_the_times_say(world, tmp_path):
    data, workdir = tmp_path / "data", tmp_path / "work"
    shutil.copytree(world / "data", data)
    shutil.copytree(world / "work", workdir)
    run = run_in(workdir, tmp_path)
    first, second, third = (video.id for video in run.dataset.videos)
    shutil.copyfile(data / f"{second}.mp4", data / f"{first}.mp4")
    os.utime(data / f"{first}.mp4", (0, 0))  # as a copy that keeps its time
    future = time.time() + 10**6  # as a clock that was wrong
    for path in [data / f"{second}.mp4", *workdir.glob("f*/*/*.mkv")]:
        os.utime(path, (future, future))
    kept = DECODE.video_file(run, third).stat()
    run_up_to(run, FEATURES)
    assert DECODE.video_file(run, third).stat().st_ino == kept.st_ino
    assert facts(run)[first].source_sha256 == facts(run)[second].source_sha256
    made = [read_arrays(FEATURES.video_file(run, id))[0] for id in (first, second)]
    assert made[0]["features"].tolist() == made[1]["features"].tolist()
    before = [FEATURES.video_file(run, id).stat() for id in (first, second, third)]
    assert is_done(run, FEATURES)
    FEATURES.record_path(run).unlink()
    run_stage(run, FEATURES)
    after = [FEATURES.video_file(run, id).stat() for id in (first, second, third)]
    assert [s.st_ino for s in before] == [s.st_ino for s in after]


def test_videos_that_hang_or_crash_the_decoder_are_given_up(tmp_path):
    make_dataset(tmp_path / "data", train=3, test=1)
    faults = """
import os, signal, sys, time

def hook(event, arguments):
    name = str(arguments[0]) if event == "open" else ""
    if name.endswith("train 0.mp4"):
        time.sleep(600)
    if name.endswith("train 1.mp4"):
        os.kill(os.getpid(), signal.SIGSEGV)

if "pipeline." in " ".join(sys.orig_argv):
    sys.addaudithook(hook)
"""
    (tmp_path / "sitecustomize.py").write_text(faults)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        done = luigi(
            *("DecodeVideos", "--dataset", tmp_path / "data" / "dataset.json"),
            *("--workdir", "work", "--short-side", "64", "--stall-minutes", "0.03"),
            cwd=tmp_path,
        )
    assert done.returncode == 30
    assert "2 of 4 videos failed" in done.stderr
    assert "train 0.mp4: 2 workers made no progress in it" in done.stderr
    assert "train 1.mp4: 2 workers crashed" in done.stderr
    assert len(list(tmp_path.glob("work/frames/*/*.mkv"))) == 2
    assert_nothing_half_written(tmp_path / "work")
