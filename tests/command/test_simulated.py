"""The road over features that are drawn: no video, no weights, no download."""

import pytest

from pipeline.storage import read_header, read_json
from tests.command.commands import luigi, run
from tests.timeline_maker import TINY, write_timeline

pytestmark = pytest.mark.slow

QUICK = ["--cells", "16", "--hidden", "16", "--epochs", "2", "--jobs", "1"]


def simulate(folder, *more, task="Evaluate"):
    return luigi(task, "--dataset", "simulated", "--workdir", "work", *more, cwd=folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A timeline and a work folder on which Report has run."""
    folder = tmp_path_factory.mktemp("simulated")
    write_timeline(folder / "timeline")
    done = simulate(folder, "--timeline", "timeline", *QUICK, task="Report")
    assert done.returncode == 0, done.stderr
    return folder, done


def drawn(folder):
    """When each video's features were made."""
    paths = (folder / "work").glob("features/*/*.safetensors")
    return {path.stem: path.stat().st_mtime_ns for path in paths}


def test_every_stage_leaves_its_files_without_a_video(world):
    folder, _ = world
    work = folder / "work"
    assert set(drawn(folder)) == {
        *("video_validation_1", "video_validation_2", "video_test_1", "video_test_2"),
    }
    header = read_header(next(work.glob("features/*/video_test_1.safetensors")))
    assert header["made_by"]["simulation"]["difficulty"] == 0.5
    clicks = next(work.glob("points/*.csv")).read_text()
    assert "video_validation_1," in clicks and ",Jump,action" in clicks
    results = read_json(next(work.glob("detections/*/detections.json")))["results"]
    assert set(results) == {"video_test_1", "video_test_2"}
    assert not (work / "frames").exists() and not (work / "flow").exists()


def test_it_is_said_wherever_figures_are_that_features_are_simulated(world):
    folder, done = world
    assert "SIMULATED FEATURES" in done.stderr.splitlines()[1]
    assert "SIMULATED FEATURES" in done.stdout
    (note,) = read_json(next(folder.glob("work/evaluation/*.json")))["notes"]
    assert note.startswith("SIMULATED FEATURES: drawn over the annotations of timeline")
    index = next(folder.glob("work/report/*/index.html"))
    assert note in index.read_text()
    page = index.parent / "videos" / "video_test_1.html"
    assert "No video file is known" in page.read_text()


def test_another_run_stands_beside_in_a_report_of_its_own(world):
    folder, _ = world
    (one,) = folder.glob("work/detections/*")
    before = set(folder.glob("work/report/*"))
    arguments = ["--timeline", "timeline", *QUICK, "--networks", "1"]
    done = simulate(folder, *arguments, "--compare-with", one, task="Report")
    assert done.returncode == 0, done.stderr
    (report,) = set(folder.glob("work/report/*")) - before
    index = (report / "index.html").read_text()
    assert "networks 1 compared with networks 2" in " ".join(index.split())
    more = ("--compare-with", "nowhere")
    refused = simulate(folder, *arguments, *more, task="Report")
    assert refused.returncode == 3
    assert "--compare-with nowhere: expected a folder" in refused.stderr


def test_an_edited_timeline_redoes_what_depends_on_it(world):
    folder, _ = world
    arguments = ["--timeline", "timeline", *QUICK]
    before = drawn(folder)
    again = simulate(folder, *arguments)
    assert "Nothing to do" in again.stderr and drawn(folder) == before
    moved = TINY["Throw_val"].replace("30.0 33.0", "31.0 33.5")
    write_timeline(folder / "timeline", {**TINY, "Throw_val": moved})
    edited = simulate(folder, *arguments)
    assert edited.returncode == 0, edited.stderr
    after = drawn(folder)
    assert {id for id in after if after[id] != before[id]} == {"video_validation_2"}
    assert "TrainSODA: 2 epochs, done before: 0, to do: 2" in edited.stderr


def test_a_model_of_simulated_features_is_not_used_on_videos(world):
    folder, _ = world
    model = next(folder.glob("work/models/*/model.safetensors")).parent
    done = run("soda", "detect", "v.mp4", "--model", model, cwd=folder)
    assert done.returncode == 2
    assert "trained on simulated features" in done.stderr


@pytest.mark.parametrize(
    ("task", "arguments", "code", "sentence"),
    [
        ("Evaluate", [], 2, "give it with --timeline"),
        ("Evaluate", ["--timeline", "nowhere"], 3, "such as Diving_val.txt"),
        ("Evaluate", ["--timeline", "t", "--fps", "9"], 2, "--fps: changes nothing"),
        ("Evaluate", ["--timeline", "t", "--difficulty", "2"], 2, "difficulty must"),
        ("ComputeFlow", ["--timeline", "t"], 2, "begin with ExtractFeatures"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    tmp_path, task, arguments, code, sentence
):
    write_timeline(tmp_path / "t")
    done = simulate(tmp_path, *arguments, task=task)
    assert done.returncode == code
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_timeline_is_for_simulated_features_alone(tmp_path):
    done = luigi("Evaluate", "--dataset", "x.json", "--timeline", "t", cwd=tmp_path)
    assert done.returncode == 2
    assert "--timeline t is for --dataset simulated" in done.stderr
