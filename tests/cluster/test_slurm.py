"""Arrays of workers in a real Slurm, and all that can happen to them there."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from pipeline.errors import FailedVideosError, SodaError
from pipeline.fanout import Ledger, Resources, SlurmConfig, end_arrays, run_job
from pipeline.storage import read_json, write_json
from tests.cluster.work import STAGE, make_job
from tests.command.commands import QUICK, luigi
from tests.conftest import ROOT
from tests.dataset_maker import make_dataset
from tests.slurm_cluster import SlurmCluster, slurm_cluster, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[SlurmCluster]:
    """A node of two processors and two GPUs, and arrays of at most ten."""
    folder = tmp_path_factory.mktemp("slurm")
    with slurm_cluster(folder, max_array_size=11, gpus=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(running, monkeypatch) -> SlurmCluster:
    """The same, found by what this process starts, with workers that find the tests."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return entered(running, monkeypatch)


def entered(cluster, monkeypatch):
    for name, value in cluster.environ.items():
        monkeypatch.setenv(name, value)
    return cluster


def on_slurm(**fields):
    config = SlurmConfig(**{"poll_seconds": 0.2, "max_parallel": 4, **fields})
    return Resources(jobs=1, slurm=config)


def run(folder, behaviours, **fields):
    return run_job(make_job(folder, behaviours), folder, on_slurm(**fields))


def begin(folder, behaviours) -> "Future[list[str]]":
    """The same beside the test, which meanwhile does its mischief."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(run, folder, behaviours)
    pool.shutdown(wait=False)
    return future


CODE = """
import sys
from pathlib import Path
from tests.cluster.test_slurm import run
run(Path(sys.argv[1]), dict(item.split("=") for item in sys.argv[2:]))
"""

CODE_IN_JOB = """
import sys
from pathlib import Path
from tests.cluster.test_slurm import run
run(Path(sys.argv[1]), {"a": "work"}, mem="200")
"""


def start(folder, behaviours):
    """The same in a process that can be killed."""
    items = [f"{id}={behaviour}" for id, behaviour in behaviours.items()]
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(folder), *items],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def calls(folder):
    log = folder / "log"
    return sorted(log.read_text().split()) if log.exists() else []


def made(folder):
    return sorted(path.stem for path in (folder / "out").glob("*.txt"))


def array_of(folder):
    (array,) = read_json(folder / "jobs" / STAGE / "slurm.json")["arrays"]
    return array


def wait_for_calls(folder, *ids):
    wait_until(lambda: set(ids) <= set(calls(folder)))


def test_all_items_are_made_once(cluster, tmp_path, capfd):
    assert run(tmp_path, dict.fromkeys("abc", "work")) == {}
    assert calls(tmp_path) == list("abc") == made(tmp_path)
    said = capfd.readouterr().err
    assert f"decode: array {array_of(tmp_path)} in Slurm's queue" in said


def test_a_cancelled_slice_is_sent_again_and_its_item_is_not_blamed(cluster, tmp_path):
    done = begin(tmp_path, {"a": "hang once", "b": "work", "c": "work"})
    wait_for_calls(tmp_path, "a")
    cluster.run("scancel", f"{array_of(tmp_path)}_0")
    assert done.result(60) == {}
    assert calls(tmp_path) == list("aabc")
    assert made(tmp_path) == list("abc")


def test_a_cancelled_array_is_sent_again_without_what_was_done(cluster, tmp_path):
    done = begin(tmp_path, dict(zip("abcd", ["work", *3 * ["hang once"]], strict=True)))
    wait_for_calls(tmp_path, "b", "c")
    cluster.run("scancel", array_of(tmp_path))
    wait_for_calls(tmp_path, "d")
    cluster.run("scancel", array_of(tmp_path))
    assert done.result(60) == {}
    assert calls(tmp_path) == list("abbccdd")
    assert made(tmp_path) == list("abcd")


def test_a_requeued_slice_begins_anew(cluster, tmp_path):
    done = begin(tmp_path, {"a": "hang once", "b": "work"})
    wait_for_calls(tmp_path, "a")
    array = array_of(tmp_path)
    cluster.run("scontrol", "requeue", f"{array}_0")
    assert done.result(60) == {}
    assert calls(tmp_path) == list("aab")
    assert array_of(tmp_path) == array
    assert not (Ledger(tmp_path, STAGE).folder / "deaths").exists()


def test_a_worker_that_meets_its_time_limit_is_sent_again(cluster, tmp_path):
    done = begin(tmp_path, {"a": "hang once", "b": "work"})
    wait_for_calls(tmp_path, "a")
    cluster.run("scontrol", "update", f"JobId={array_of(tmp_path)}_0", "TimeLimit=0")
    assert done.result(90) == {}
    assert calls(tmp_path) == list("aab")


def test_an_item_that_kills_its_workers_is_given_up(cluster, tmp_path):
    with pytest.raises(FailedVideosError, match=r"2 workers were killed.*--mem"):
        run(tmp_path, {"a": "work", "b": "die"})
    assert calls(tmp_path) == list("abb")


@pytest.mark.parametrize("is_id_lost", [False, True])
def test_a_killed_run_that_is_started_again_joins_its_array(
    cluster, tmp_path, is_id_lost, capfd
):
    items = dict.fromkeys("abc", "wait")
    process = start(tmp_path, items)
    wait_for_calls(tmp_path, "a", "b")
    process.kill()
    process.communicate()
    array = array_of(tmp_path)
    if is_id_lost:
        path = tmp_path / "jobs" / STAGE / "slurm.json"
        write_json(path, {**read_json(path), "arrays": {}})
    done = begin(tmp_path, items)
    (tmp_path / "go").touch()
    assert done.result(60) == {}
    assert array_of(tmp_path) == array
    assert calls(tmp_path) == list("abc") == made(tmp_path)
    assert f"joining array {array}" in capfd.readouterr().err


def test_ctrl_c_leaves_the_array_running_and_says_so(cluster, tmp_path):
    process = start(tmp_path, {"a": "wait"})
    wait_for_calls(tmp_path, "a")
    os.killpg(process.pid, signal.SIGINT)
    said, array = process.communicate(timeout=30)[1], array_of(tmp_path)
    assert f"array {array} goes on in Slurm" in said and f"`scancel {array}`" in said
    assert "RUNNING" in cluster.run("squeue", "-h", "-j", array, "-o", "%T")
    (tmp_path / "go").touch()
    wait_until(lambda: made(tmp_path) == ["a"])


def test_a_video_that_failed_before_the_join_is_not_tried_again(cluster, tmp_path):
    items = {"a": "wait", "b": "fail"}
    process = start(tmp_path, items)
    wait_until(lambda: Ledger(tmp_path, STAGE).holds("b"))
    process.kill()
    process.communicate()
    done = begin(tmp_path, items)
    (tmp_path / "go").touch()
    with pytest.raises(FailedVideosError, match="nothing to see"):
        done.result(60)
    assert calls(tmp_path) == list("ab")


def test_a_run_that_is_itself_a_job_sends_its_array_too(cluster, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(CODE_IN_JOB)
    command = f"--wrap={sys.executable} {program} {tmp_path}"
    cluster.run("sbatch", "--mem-per-cpu=100", f"--output={tmp_path}/said", command)
    wait_until(lambda: made(tmp_path) == ["a"])


@pytest.mark.parametrize(
    ("more_items", "more_parameters"), [({}, {"another": 1}), ({"b": "work"}, {})]
)
def test_an_array_that_does_other_work_is_cancelled(
    cluster, tmp_path, more_items, more_parameters
):
    process = start(tmp_path, {"a": "hang once"})
    wait_for_calls(tmp_path, "a")
    process.kill()
    process.communicate()
    array = array_of(tmp_path)
    job = make_job(tmp_path, {"a": "work", **more_items}, **more_parameters)
    assert run_job(job, tmp_path, on_slurm()) == {}
    assert array_of(tmp_path) != array
    assert made(tmp_path) == ["a", *more_items]


def test_an_array_is_not_worked_beside_on_this_machine(cluster, tmp_path):
    process = start(tmp_path, {"a": "hang once"})
    wait_for_calls(tmp_path, "a")
    process.kill()
    process.communicate()
    array, job = array_of(tmp_path), make_job(tmp_path, {"a": "work"})
    with pytest.raises(SodaError, match=f"array {array} .* is in its queue; join"):
        run_job(job, tmp_path, Resources(jobs=1))
    cluster.run("scancel", array)
    wait_until(lambda: not cluster.run("squeue", "-h", "-j", array))
    assert run_job(job, tmp_path, Resources(jobs=1)) == {}
    assert calls(tmp_path) == list("aa")


def test_arrays_of_other_content_are_ended(cluster, tmp_path):
    process = start(tmp_path, {"a": "hang once"})
    wait_for_calls(tmp_path, "a")
    process.kill()
    process.communicate()
    with pytest.raises(SodaError, match="is in its queue"):
        end_arrays(tmp_path, None)
    end_arrays(tmp_path, on_slurm().slurm)
    assert not cluster.run("squeue", "-h", "-j", array_of(tmp_path))


def test_each_worker_gets_the_gpu_that_it_asked_for(cluster, tmp_path):
    ids = "abcd"
    assert run(tmp_path, dict.fromkeys(ids, "device"), gpus=1) == {}
    devices = {id: (tmp_path / "out" / f"{id}.txt").read_text() for id in ids}
    assert set(devices.values()) <= {"0", "1"}


def test_more_gpus_than_a_node_has_are_refused_in_slurms_words(cluster, tmp_path):
    with pytest.raises(SodaError, match="node configuration is not available"):
        run(tmp_path, {"a": "work"}, gpus=3)


def test_a_squeue_that_does_not_answer_is_waited_out(
    cluster, tmp_path, monkeypatch, capfd
):
    broken = tmp_path / "bin" / "squeue"
    broken.parent.mkdir()
    broken.write_text(f"""#!/bin/sh
echo >> {tmp_path}/asked
case $(wc -l < {tmp_path}/asked) in 4|5|6|7)
  echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2
  exit 1
esac
exec {shutil.which("squeue")} "$@"
""")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")
    assert run(tmp_path, dict.fromkeys("abc", "work")) == {}
    assert calls(tmp_path) == list("abc")
    assert capfd.readouterr().err.count("Slurm does not answer") == 1


def test_more_slices_than_an_array_holds_become_several(cluster, tmp_path):
    ids = "abcdefghijkl"
    assert run(tmp_path, dict.fromkeys(ids, "work")) == {}
    folder = tmp_path / "jobs" / STAGE
    assert list(read_json(folder / "slurm.json")["arrays"].values()) == [0, 10]
    assert calls(tmp_path) == list(ids) == made(tmp_path)
    assert (folder / "log-9.txt").exists() and (folder / "log-11.txt").exists()


def test_what_sbatch_refuses_is_said_in_its_words(cluster, tmp_path):
    with pytest.raises(SodaError, match="invalid partition specified: nowhere"):
        run(tmp_path, {"a": "work"}, partition="nowhere")


def test_a_worker_that_cannot_start_is_a_clear_error(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(
        SodaError, match=r"(?s)did not begin .* FAILED .* on node n0.*/no/such/python:"
    ):
        run(tmp_path, {"a": "work"})
    assert Ledger(tmp_path, STAGE).read() == {}


def test_a_fault_of_the_program_is_shown_with_its_log(cluster, tmp_path):
    job = replace(make_job(tmp_path, {"a": "work"}), function="no.such:function")
    with pytest.raises(SodaError, match=r"(?s)did not begin .*No module named 'no'"):
        run_job(job, tmp_path, on_slurm())


def test_without_slurm_the_missing_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SodaError, match="scontrol: expected Slurm's command"):
        run(tmp_path, {"a": "work"})


def test_the_death_of_a_node_costs_its_items_alone(tmp_path, monkeypatch):
    place = tmp_path / "slurm"
    place.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with slurm_cluster(place, nodes=3) as three:
        entered(three, monkeypatch)
        items = {"a": "hang once", "b": "work", "c": "work", "d": "work"}
        done = begin(tmp_path, items)
        wait_for_calls(tmp_path, "a")
        node = three.run("squeue", "-h", "-j", f"{array_of(tmp_path)}_0", "-o", "%N")
        three.kill_node(node.strip())
        assert done.result(90) == {}
        assert calls(tmp_path) == list("aabcd")
        assert not (Ledger(tmp_path, STAGE).folder / "deaths").exists()


def test_the_whole_road_gives_the_same_files_as_on_this_machine(
    running, tmp_path, monkeypatch
):
    entered(running, monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    manifest = make_dataset(tmp_path / "data", train=2, test=1)
    (tmp_path / "soda.toml").write_text("[slurm]\npoll_seconds = 0.2\n")
    common = ["--dataset", manifest, *QUICK, "--epochs", "3"]
    flags = ["--cluster", "slurm", "--max-parallel", "2", "--slurm-options=--nice=5"]
    for name, where in (("here", []), ("there", flags)):
        work = ["--workdir", tmp_path / name]
        done = luigi("Evaluate", *common, *work, *where, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for pattern in (
        *("frames/*/*.mkv", "flow/*/*.mkv", "features/*/*.safetensors"),
        *("points/*.csv", "models/*/model.safetensors", "detections/*/detections.*"),
    ):
        paths = list((tmp_path / "here").glob(pattern))
        assert paths
        for path in paths:
            there = tmp_path / "there" / path.relative_to(tmp_path / "here")
            assert path.read_bytes() == there.read_bytes()
    stages = {path.name for path in (tmp_path / "there" / "jobs").iterdir()}
    assert stages == {"decode", "flow", "features", "train", "detect", "evaluate"}
