"""`soda detect` and `soda figure`, with a model that `soda run` has trained."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from pipeline import detect
from pipeline.storage import TEMPORARY_PREFIX, read_json
from tests.command.commands import QUICK, command, run, start_command
from tests.dataset_maker import make_dataset
from tests.finished import CACHES, copy_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(finished, tmp_path_factory):
    """A folder in which `soda run` has detected with a model that was trained."""
    parts = (*CACHES, "points", "models")
    folder = tmp_path_factory.mktemp("trained")
    copy_run(finished, folder, *parts, work="work/data")
    done = run(
        *("soda", "run", "data/dataset.json", "--to", "DetectActions", *QUICK),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "next: soda run data/dataset.json" in done.stderr
    assert done.stderr.rstrip().endswith("--to Evaluate")
    return folder


@pytest.fixture
def place(trained, tmp_path):
    """The model, and two new videos, one of which lies deeper than the other."""
    shutil.copytree(trained / "work", tmp_path / "work")
    (tmp_path / "new" / "deeper").mkdir(parents=True)
    shutil.copy(trained / "data" / "test 4.mp4", tmp_path / "new")
    shutil.copy(trained / "data" / "test 5.mp4", tmp_path / "new" / "deeper")
    return tmp_path


def outputs(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("cas/*.safetensors")}


def test_videos_and_folders_are_searched_and_a_bad_one_is_named_at_the_end(place):
    (place / "-bad.mp4").write_text("no video")  # an id of YouTube may begin so
    done = run("soda", "detect", "-bad.mp4", "new", cwd=place)
    assert done.returncode == 5, done.stderr
    assert "1 of 3 videos could not be searched" in done.stderr
    assert "-bad: -bad.mp4: expected a video" in done.stderr.splitlines()[-1]
    assert "test 4" in done.stdout and "test 5" in done.stdout
    found = place / "detections"
    by_run = next((place / "work").glob("data/detections/*/detections.json"))
    results = read_json(found / "detections.json")["results"]
    assert results == read_json(by_run)["results"]
    assert (found / "detections.csv").read_text().startswith("video_id,label")
    assert "-->" in (found / "srt" / "test 4.srt").read_text()
    assert "test 5" in (found / "report" / "index.html").read_text()


def test_what_was_searched_is_not_searched_again_unless_it_changed(place):
    words = ("soda", "detect", "new", "--output", "new/found")  # no video itself
    assert run(*words, cwd=place).returncode == 0
    before = outputs(place / "new" / "found")
    again = run(*words, "--threshold", "2", cwd=place)
    assert again.returncode == 0, again.stderr
    assert "done before: 2, to do: 0" in again.stderr
    assert "0 detections in 2 videos by the model work" in again.stdout
    assert outputs(place / "new" / "found") == before and len(before) == 2
    os.utime(place / "new" / "test 4.mp4")
    assert "done before: 1" in run(*words, cwd=place).stderr


def test_videos_of_one_name_are_told_apart_by_their_folders(place):
    shutil.copy(place / "new" / "test 4.mp4", place / "new" / "deeper")
    done = run("soda", "detect", "new", cwd=place)
    assert done.returncode == 0, done.stderr
    results = read_json(place / "detections" / "detections.json")["results"]
    assert set(results) == {"new/test 4.mp4", "new/deeper/test 4.mp4", "test 5"}
    assert results["new/test 4.mp4"] == results["new/deeper/test 4.mp4"]


@pytest.mark.parametrize(
    ("arguments", "begun", "number"),
    [
        (["detect", "new"], "detections/work/jobs/detect/state-0.json", signal.SIGTERM),
        (["run", "data/dataset.json", *QUICK], "work/data/flow/*/*.mkv", signal.SIGINT),
    ],
)
def test_after_an_interruption_the_same_command_goes_on(
    trained, place, arguments, begun, number
):
    if arguments[0] == "run":
        shutil.copytree(trained / "data", place / "data")
        shutil.rmtree(place / "work")
    with (place / "said").open("wb") as log:
        process = start_command("soda", *arguments, cwd=place, log=log)
    end = time.monotonic() + 120
    while not list(place.glob(begun)):
        assert time.monotonic() < end, f"{begun} did not appear"
        time.sleep(0.01)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        os.kill(process.pid, number)
    assert process.wait(60) == 128 + number
    said = (place / "said").read_text()
    assert "run the same command again" in said and "Traceback" not in said
    assert not list(place.glob("detections/detections.json"))
    assert run("soda", *arguments, cwd=place).returncode == 0
    assert not list(place.rglob(f"{TEMPORARY_PREFIX}*"))


def test_sigterm_ends_the_annotation_page_as_ctrl_c_does(tmp_path):
    make_dataset(tmp_path / "data", train=1, test=0)
    process = subprocess.Popen(
        [command("soda"), "annotate", "data/dataset.json", "--no-browser"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.terminate()
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "1 video, saved to data/clicks.json" in error
    assert "0 clicks in 0 videos" in error and "next: soda run" in out


def test_a_function_detects_the_same(place):
    told = []
    model = next((place / "work").glob("data/models/*"))
    video = place / "new" / "test 4.mp4"
    found = detect(str(video), model, progress=lambda *words: told.append(words))
    by_run = next((place / "work").glob("data/detections/*/detections.json"))
    times = [[d.start_seconds, d.end_seconds] for d in found]
    same = [d["segment"] for d in read_json(by_run)["results"]["test 4"]]
    assert times == [pytest.approx(segment, abs=1e-3) for segment in same]
    assert told[-1] == ("detect", 1.0, 1.0) and len(told) > 10


def test_a_video_is_drawn_with_all_that_is_known(trained, tmp_path):
    detections = next((trained / "work").glob("data/detections/*/detections.json"))
    known = ["--ground-truth", trained / "data" / "dataset.json"]
    for name, magic in [("f.pdf", b"%PDF"), ("f.png", b"\x89PNG")]:
        words = ("figure", detections, "test 4", *known, "--output", name)
        done = run("soda", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).read_bytes().startswith(magic)
    for words, code, sentence in [
        ((detections, "other"), 3, "expected the video 'other', found only 'test 4'"),
        ((detections, "test 4", "--output", "f.xyz"), 2, "f.xyz: expected one of .eps"),
        ((detections, "test 4", *known[:1], "none.json"), 3, "none.json"),
    ]:
        done = run("soda", "figure", *words, cwd=tmp_path)
        assert done.returncode == code and sentence in done.stderr
