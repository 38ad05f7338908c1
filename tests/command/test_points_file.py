"""People's clicks in place of simulated ones."""

import json

import pytest

from pipeline.annotation.sources import dataset_to_annotate
from pipeline.annotation.store import PointsStore, revision_of
from pipeline.storage import read_json
from tests.command.commands import QUICK, luigi
from tests.dataset_maker import make_dataset
from tests.timeline_maker import write_timeline

pytestmark = pytest.mark.slow


def run(folder, *more, task="GeneratePoints"):
    places = ["--dataset", folder / "data" / "dataset.json", "--workdir", "work"]
    return luigi(task, *places, "--short-side", "64", *more, cwd=folder)


def result(folder):
    """What the last run has written of its clicks."""
    path = max(folder.glob("work/points/*.json"), key=lambda p: p.stat().st_mtime_ns)
    return read_json(path), path.with_suffix(".csv").read_text().splitlines()[1:]


@pytest.fixture
def world(tmp_path):
    """Four training videos of which nothing is annotated."""
    make_dataset(tmp_path / "data", train=4, test=2)
    path = tmp_path / "data" / "dataset.json"
    content = json.loads(path.read_text())
    for video in content["videos"][:4]:
        del video["segments"]
    path.write_text(json.dumps(content))
    return tmp_path


def write_clicks(folder, more=""):
    # The squares of `make_dataset` move right or down, and stand still before.
    rows = [
        f"data/train%20{n}.mp4,{seconds},{label}"
        for n, label in enumerate(["right", "down", "right"])
        for seconds, label in ((0.2, "background"), (1.5, label))
    ]
    text = "\r\n".join(["\ufeffvideo_id,seconds,label", "", *rows, more])
    (folder / "clicks.csv").write_text(text, newline="")


def save(folder, seconds):
    """Save clicks in the first two videos, as `soda annotate` does."""
    dataset = dataset_to_annotate([folder / "data" / "dataset.json"], None, "train")
    store = PointsStore(folder / "data" / "clicks.json", dataset)
    for id, label in (("train 0", "right"), ("train 1", "down")):
        points = [{"seconds": seconds, "label": label}]
        revision = revision_of(store.entries().get(id, {}))
        store.save(id, revision, {"points": points, "seconds_spent": 1})


def test_saved_clicks_are_used_and_each_keep_their_model(world):
    """Whoever changes them back finds the first model as it was."""
    train = (*QUICK, "--epochs", "2")

    def models():
        return {
            path.parent.name: path.read_bytes()
            for path in world.glob("work/models/*/model.safetensors")
        }

    save(world, 1.5)
    refused = run(world, *train, task="TrainSODA")
    assert refused.returncode == 4 and not (world / "work" / "frames").exists()
    assert "2 training videos without clicks, segments or labels: train 2, train 3" in (
        refused.stderr
    )
    path = world / "data" / "dataset.json"
    content = json.loads(path.read_text())
    content["videos"][2]["labels"] = content["videos"][3]["points"] = []
    path.write_text(json.dumps(content))

    done = run(world, *train, task="TrainSODA")
    assert done.returncode == 0, done.stderr
    said = f"clicks: 2 in 2 training videos, with those of {world / 'data/clicks.json'}"
    assert said in done.stderr and "2 action, 0 background" in done.stderr
    (first,) = models().items()
    save(world, 0.2)
    done = run(world, *train, task="TrainSODA")
    assert done.returncode == 0, done.stderr
    assert len(models()) == 2 and first in models().items()
    save(world, 1.5)
    again = run(world, *train, task="TrainSODA")
    assert "Nothing to do" in again.stderr and first[0] in again.stderr
    none = run(world, *train, "--points-file", "none", task="TrainSODA")
    assert none.returncode == 4 and "train 0, train 1" in none.stderr


def test_clicks_alone_train_a_model(world):
    write_clicks(world, "test 4,1.5,right\r\nother.mp4,1,right")
    path = world / "data" / "dataset.json"
    content = json.loads(path.read_text())
    content["videos"][3]["labels"] = ["down"]
    path.write_text(json.dumps(content))
    done = run(world, "--points-file", "clicks.csv")
    assert done.returncode == 0, done.stderr
    for sentence in (
        "6 clicks in 4 training videos: 3 action, 3 background; clicks.csv",
        "clicks.csv: a points CSV",
        "left out: 1 click in 1 video outside the dataset: 'other.mp4'",
        "left out: 1 click in videos that are not trained on",
        "1 training video has no click: 'train 3'",
    ):
        assert sentence in done.stderr
    found, rows = result(world)
    assert found["classes"] == {"right": 2, "down": 1}
    assert rows[:2] == ["train 0,0.2,background,background", "train 0,1.5,right,action"]
    evaluated = run(world, "--points-file", "clicks.csv", *QUICK, task="Evaluate")
    assert evaluated.returncode == 0, evaluated.stderr
    scores = read_json(next(world.glob("work/evaluation/*.json")))
    assert scores["map"]["0.1"] > 60


def test_changed_clicks_are_read_again_and_the_same_ones_are_not(world):
    write_clicks(world)
    assert run(world, "--points-file", "clicks.csv").returncode == 0
    again = run(world, "--points-file", "clicks.csv")
    assert "Nothing to do" in again.stderr and "6 clicks in 4" in again.stderr
    write_clicks(world, "train 3,1.5,down")
    edited = run(world, "--points-file", "clicks.csv", "--points", "action")
    assert edited.returncode == 0, edited.stderr
    assert "4 clicks in 4 training videos: 4 action, 0 background" in edited.stderr
    write_clicks(world, "train 3,1.6,down")
    assert "Nothing" not in run(world, "--points-file", "clicks.csv").stderr


def test_frames_become_seconds_by_the_rate_that_is_said(world):
    span = {"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["right"]}
    annotation = {"result": [{"type": "timelinelabels", "value": span}]}
    task = {"data": {"video": "0123abcd-train 0.mp4"}, "annotations": [annotation]}
    (world / "ls.json").write_text(json.dumps([task]))
    done = run(world, "--points-file", "ls.json")
    assert "converted to seconds by the videos' own rate: 25" in done.stderr
    assert "frameRate of its configuration, 24 by default" in done.stderr
    assert result(world)[1] == ["train 0,1.02,right,action"]
    done = run(world, "--points-file", "ls.json", "--points-fps", "50")
    assert "converted to seconds by --points-fps: 50" in done.stderr
    assert result(world)[1] == ["train 0,0.51,right,action"]


def test_simulated_clicks_are_told_of_too(tmp_path):
    make_dataset(tmp_path / "data", train=2, test=0)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    origin = "simulated, one per segment, 10 s on / 10 s off, seed 0"
    assert f"6 clicks in 2 training videos: 2 action, 4 background; {origin}" in (
        done.stderr
    )
    assert result(tmp_path)[0]["outside"] == 0


@pytest.mark.parametrize(
    ("row", "arguments", "code", "sentence"),
    [
        ("train 0,1,Right", [], 4, "clicks.csv, line 9: expected a class or 'backgr"),
        ("train 0,x,right", [], 4, "clicks.csv, line 9: expected a time"),
        ("", ["--points-file", "no.csv"], 3, "no.csv: no such file or folder"),
        ("", ["--points-fps", "0"], 2, "--points-fps 0: expected frames per second"),
        ("", ["--gap-seconds", "5"], 2, "--gap-seconds: changes nothing of people's"),
    ],
)
def test_bad_clicks_stop_before_any_work(world, row, arguments, code, sentence):
    write_clicks(world, row)
    done = run(world, "--points-file", "clicks.csv", *arguments)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert not (world / "work" / "frames").exists()


def test_clicks_beyond_the_end_are_named_by_their_lines(world):
    write_clicks(world, "train 0,99,right")
    done = run(world, "--points-file", "clicks.csv")
    assert done.returncode == 30
    assert "clicks.csv, line 9: the click ends at 99 s, beyond the" in done.stderr
    assert "Traceback" not in done.stderr


def test_clicks_of_simulated_videos_may_lie_beyond_their_drawn_end(tmp_path):
    write_timeline(tmp_path / "timeline")
    rows = ["video_validation_1,4.5,Jump", "", "video_validation_1,999,Jump"]
    (tmp_path / "A.txt").write_text("\n".join(rows))
    places = ["--dataset", "simulated", "--timeline", "timeline", "--workdir", "work"]
    clicks = ["--points-file", "A.txt"]
    done = luigi("GeneratePoints", *places, *clicks, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "left out: 1 click beyond the end of simulated videos" in done.stderr
    assert "one drawn if several clicked: A 1" in done.stderr
    assert result(tmp_path)[1] == ["video_validation_1,4.5,Jump,action"]
