import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline.errors import FailedVideosError, SodaError, VideoError, WeightsError
from pipeline.fanout import Item, Job, Ledger, Resources, run_job
from pipeline.progress import Progress
from pipeline.storage import file_name, write_json
from pipeline.video import DecodeConfig
from pipeline.video.caching import decode
from tests.video_maker import moving_square_pictures, write_video


def make(inputs, output, progress, behaviour="work", log="", **_):
    """A stage function whose behaviour a test chooses; runs in the worker."""
    with Path(log).open("a") as file:
        file.write(f"{output.stem}\n")
    progress(0.5)
    marker = Path(f"{output}.tried")
    if behaviour == "bad video":
        raise VideoError(f"{inputs[0]}: nothing to see")
    if behaviour == "fault":
        raise ZeroDivisionError("unforeseen")
    if behaviour == "full disk":
        raise SodaError("the disk is full")
    if behaviour == "no weights":
        raise WeightsError("no weights for the rgb stream")
    if behaviour == "die" or (behaviour == "die once" and not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "memory":
        raise MemoryError
    if behaviour == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour in ("slow", "pause"):
        time.sleep({"slow": 60, "pause": 0.5}[behaviour])
    output.parent.mkdir(parents=True, exist_ok=True)
    text = os.environ["CUDA_VISIBLE_DEVICES"] if behaviour == "gpu" else inputs[0]
    output.write_text(str(text))


def make_job(tmp_path, behaviours):
    items = []
    for id, behaviour in behaviours.items():
        source = tmp_path / "in" / id
        source.parent.mkdir(exist_ok=True)
        if not source.exists():
            source.write_text(id)
        items.append(
            Item(
                id=id,
                inputs=(str(source),),
                output=str(tmp_path / "out" / f"{id}.txt"),
                weight=len(items) + 1,
                arguments={"behaviour": behaviour},
            )
        )
    parameters = {"log": str(tmp_path / "log")}
    return Job("stage", "tests.unit.fanout.test_fanout:make", parameters, tuple(items))


def calls(tmp_path):
    log = tmp_path / "log"
    return sorted(log.read_text().split()) if log.exists() else []


def made(tmp_path):
    return sorted(path.stem for path in (tmp_path / "out").glob("*.txt"))


def test_all_items_are_made_and_a_second_run_makes_none(tmp_path, capfd):
    job = make_job(tmp_path, dict.fromkeys("abcde", "work"))
    assert run_job(job, tmp_path, Resources(jobs=2)) == {}
    assert run_job(job, tmp_path, Resources(jobs=2)) == {}
    assert calls(tmp_path) == list("abcde") == made(tmp_path)
    said = capfd.readouterr().err
    assert "5 videos, done before: 0, to do: 5" in said
    assert "5 videos, done before: 5, to do: 0" in said


def test_only_what_is_missing_or_older_than_its_input_is_made(tmp_path):
    job = make_job(tmp_path, dict.fromkeys("abc", "work"))
    run_job(job, tmp_path, Resources(jobs=1))
    (tmp_path / "log").unlink()
    (tmp_path / "out" / "a.txt").unlink()
    later = time.time_ns() + 10**9
    os.utime(tmp_path / "in" / "b", ns=(later, later))
    run_job(job, tmp_path, Resources(jobs=1))
    assert calls(tmp_path) == ["a", "b"]
    # An input from the future does not make its item due for ever.
    run_job(job, tmp_path, Resources(jobs=1))
    assert calls(tmp_path) == ["a", "b"]


def test_a_bad_video_stops_no_other_and_is_named(tmp_path):
    job = make_job(tmp_path, {"a": "work", "b": "bad video", "c": "work"})
    with pytest.raises(FailedVideosError, match="1 of 3 videos failed") as caught:
        run_job(job, tmp_path, Resources(jobs=1))
    assert "b: " in str(caught.value) and "nothing to see" in str(caught.value)
    assert made(tmp_path) == ["a", "c"]
    entry = Ledger(tmp_path, "stage").read()["b"]
    assert entry["error"] == "VideoError" and "nothing to see" in entry["message"]


def test_of_many_failures_the_first_are_listed_and_the_logs_named(tmp_path):
    job = make_job(tmp_path, {f"v{n:02}": "bad video" for n in range(23)})
    with pytest.raises(FailedVideosError) as caught:
        run_job(job, tmp_path, Resources(jobs=1))
    lines = str(caught.value).splitlines()
    assert str(tmp_path / "jobs" / "stage") in lines[0]
    assert len(lines) == 22 and "v19: " in lines[20]
    ledger = tmp_path / "failures" / "stage"
    assert lines[21] == f"  ... and 3 more, in {ledger}"


def test_the_progress_goes_on_from_round_to_round(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        Progress, "update", lambda _, done, items: seen.append((done, items))
    )
    behaviours = {"a": "work", "b": "work", "c": "die once"}
    (tmp_path / "out").mkdir()
    run_job(make_job(tmp_path, behaviours), tmp_path, Resources(jobs=3))
    assert seen[-1] == (6.0, 3)


def test_a_share_of_failures_can_be_allowed(tmp_path):
    job = make_job(tmp_path, {"a": "work", "b": "bad video", "c": "work"})
    failed = run_job(job, tmp_path, Resources(jobs=1, max_failures=0.4))
    assert failed == {"b": f"{tmp_path}/in/b: nothing to see"}


def test_a_mended_video_leaves_the_ledger(tmp_path):
    with pytest.raises(FailedVideosError):
        run_job(make_job(tmp_path, {"a": "bad video"}), tmp_path, Resources(jobs=1))
    assert run_job(make_job(tmp_path, {"a": "work"}), tmp_path, Resources(1)) == {}
    assert Ledger(tmp_path, "stage").read() == {}


def test_an_unforeseen_error_is_the_videos_own(tmp_path):
    job = make_job(tmp_path, {"a": "work", "b": "fault"})
    with pytest.raises(FailedVideosError, match="ZeroDivisionError"):
        run_job(job, tmp_path, Resources(jobs=1))
    assert made(tmp_path) == ["a"]


def test_an_error_that_concerns_all_stops_the_stage(tmp_path):
    job = make_job(tmp_path, {"a": "full disk", "b": "work"})
    with pytest.raises(SodaError, match="the disk is full"):
        run_job(job, tmp_path, Resources(jobs=1))
    assert Ledger(tmp_path, "stage").read() == {}


def test_missing_weights_stop_the_stage_with_their_exit_code(tmp_path):
    job = make_job(tmp_path, {"a": "no weights", "b": "work"})
    with pytest.raises(SodaError, match="no weights for the rgb stream") as caught:
        run_job(job, tmp_path, Resources(jobs=1))
    assert caught.value.exit_code == WeightsError.exit_code
    assert Ledger(tmp_path, "stage").read() == {}


def test_a_killed_worker_costs_a_round_and_nothing_else(tmp_path):
    behaviours = {"a": "work", "b": "die once", "c": "work", "d": "work"}
    job = make_job(tmp_path, behaviours)
    assert run_job(job, tmp_path, Resources(jobs=2)) == {}
    assert made(tmp_path) == list("abcd")
    assert calls(tmp_path) == list("abbcd")


def test_a_video_that_kills_its_worker_is_given_up_after_two(tmp_path):
    job = make_job(tmp_path, {"a": "work", "b": "die", "c": "work"})
    with pytest.raises(FailedVideosError, match="2 workers were killed"):
        run_job(job, tmp_path, Resources(jobs=1))
    assert made(tmp_path) == ["a", "c"]
    assert calls(tmp_path).count("b") == 2


def test_a_video_that_crashes_its_worker_is_given_up_and_the_crash_named(tmp_path):
    job = make_job(tmp_path, {"a": "work", "b": "crash", "c": "work"})
    with pytest.raises(FailedVideosError, match=r"2 workers crashed .*Segmentation"):
        run_job(job, tmp_path, Resources(jobs=1))
    assert made(tmp_path) == ["a", "c"]


def test_a_worker_that_cannot_start_is_a_clear_error(tmp_path):
    job = Job("stage", "no.such:function", {}, make_job(tmp_path, {"a": "work"}).items)
    with pytest.raises(
        SodaError, match=r"(?s)exit code 1.*No module named 'no'"
    ) as caught:
        run_job(job, tmp_path, Resources(jobs=1))
    assert "log" in str(caught.value)


def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    job = make_job(tmp_path, {"a": "slow", "b": "slow"})
    code = (
        "from pathlib import Path; from tests.unit.fanout.test_fanout import make_job;"
        "from pipeline.fanout import run_job, Resources;"
        f"p = Path({str(tmp_path)!r});"
        "run_job(make_job(p, {'a': 'slow', 'b': 'slow'}), p, Resources(jobs=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    wait_until(lambda: len(calls(tmp_path)) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not workers_of(tmp_path))
    assert made(tmp_path) == []
    assert job.items[0].is_done() is False


def workers_of(tmp_path):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if b"pipeline.fanout.worker" in line and str(tmp_path).encode() in line:
            found.append(path)
    return found


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize("id", ["a/b", "../up", "ünï cödé", "a%2Fb", "x" * 40, "a.b"])
def test_ids_become_names_that_stay_in_their_folder(id, tmp_path):
    name = file_name(id)
    assert (tmp_path / name).parent == tmp_path
    assert "/" not in name


def test_different_ids_have_different_names():
    ids = ["a/b", "a%2Fb", "a b", "a%20b", "A", "a"]
    assert len({file_name(id) for id in ids}) == len(ids)


def test_a_worker_without_progress_ends_itself_and_the_video_is_given_up(tmp_path):
    job = make_job(tmp_path, {"a": "slow", "b": "work"})
    with pytest.raises(FailedVideosError, match=r"2 workers made no progress in it"):
        run_job(job, tmp_path, Resources(jobs=1, stall_minutes=1 / 60))
    assert made(tmp_path) == ["b"]


def test_want_of_memory_is_the_videos_own_error_with_a_hint(tmp_path):
    job = make_job(tmp_path, {"a": "memory", "b": "work"})
    with pytest.raises(FailedVideosError, match=r"not enough memory .* --jobs 1"):
        run_job(job, tmp_path, Resources(jobs=1))
    assert made(tmp_path) == ["b"]


def decode_in_little_memory(inputs, output, progress, spare_bytes, **_):
    """Decode with so much more memory than the worker has by now."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + spare_bytes, unlimited[1]))
    try:
        decode(inputs, output, asdict(DecodeConfig()), progress=progress)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, unlimited)


@pytest.mark.parametrize("spare_bytes", [4 * 10**6, 30 * 10**6])
def test_a_real_want_of_memory_is_named_and_the_others_are_done(tmp_path, spare_bytes):
    items = []
    for id, size in {"a": (64, 48), "b": (2400, 1800), "c": (64, 48)}.items():
        path = tmp_path / f"{id}.mp4"
        write_video(path, moving_square_pictures(10, range(2, 8), *size))
        spare = spare_bytes if id == "b" else 10**10
        output = str(tmp_path / "out" / f"{id}.mkv")
        items.append(Item(id, (str(path),), output, 1.0, {"spare_bytes": spare}))
    function = "tests.unit.fanout.test_fanout:decode_in_little_memory"
    with pytest.raises(FailedVideosError) as caught:
        run_job(Job("stage", function, {}, tuple(items)), tmp_path, Resources(jobs=1))
    (entry,) = Ledger(tmp_path, "stage").read().values()
    assert entry["id"] == "b" and "memory" in entry["message"], caught.value
    assert "--jobs 1" in entry["message"]
    assert [path.name for path in sorted((tmp_path / "out").glob("*"))] == [
        *("a.mkv", "c.mkv", "inputs.json", "written.jsonl")
    ]


def test_workers_share_out_the_gpus(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    job = make_job(tmp_path, dict.fromkeys("abc", "gpu"))
    run_job(job, tmp_path, Resources(jobs=3, gpus=2))
    seen = {path.stem: path.read_text() for path in (tmp_path / "out").glob("*.txt")}
    assert sorted(seen.values()) == ["3", "3", "5"]


def test_two_runs_at_once_do_each_item_once(tmp_path):
    make_job(tmp_path, dict.fromkeys("abcd", "pause"))
    code = (
        "from pathlib import Path; from tests.unit.fanout.test_fanout import make_job;"
        "from pipeline.fanout import run_job, Resources;"
        f"p = Path({str(tmp_path)!r});"
        "run_job(make_job(p, dict.fromkeys('abcd', 'pause')), p, Resources(jobs=2))"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert calls(tmp_path) == list("abcd") == made(tmp_path)
    assert sum("another run" in text for text in said) == 1


def test_work_that_was_sent_to_a_cluster_is_not_done_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    job = make_job(tmp_path, {"a": "work"})
    sent = job.folder(tmp_path) / "slurm.json"
    write_json(sent, {"token": "t", "arrays": {"7": 0}})
    with pytest.raises(SodaError, match=r"array 7 .*cannot ask whether.*slurm\.json"):
        run_job(job, tmp_path, Resources(jobs=1))
    write_json(sent, {"token": "t", "arrays": {"7": 0}, "has_ended": True})
    assert run_job(job, tmp_path, Resources(jobs=1)) == {}
