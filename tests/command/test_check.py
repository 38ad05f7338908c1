"""`soda init` and `soda check`, as a user types them."""

import json

import pytest

from pipeline.storage import read_json
from tests.command.commands import QUICK, luigi, run
from tests.dataset_maker import STEPS, make_dataset, square_pictures
from tests.video_maker import write_video


def check(*arguments, cwd):
    return run("soda", "check", *arguments, cwd=cwd)


def test_a_dataset_that_is_well_ends_with_the_next_command(tmp_path):
    make_dataset(tmp_path / "my data", train=2, test=2)
    done = check("my data/dataset.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "tiny: 4 videos (2 train, 2 test), 2 classes, 0.00 h" in done.stdout
    assert "problem:" not in done.stdout
    command = "soda run 'my data/dataset.json'"
    assert f"no problems; next: {command}" in done.stdout


def test_all_problems_are_shown_by_kind_and_written_as_json(tmp_path):
    path = make_dataset(tmp_path, train=2, test=2)
    content = json.loads(path.read_text())
    for index in range(25):
        video = {"id": f"gone [{index}]", "path": f"{index}.mp4", "subset": "test"}
        content["videos"].append({**video, "labels": ["right"]})
    content["videos"][0]["segments"][0]["segment"] = [3, 2]
    path.write_text(json.dumps(content))
    (tmp_path / "unnamed.mp4").write_bytes(b"x")

    done = check("dataset.json", "--json", "out.json", cwd=tmp_path)
    assert done.returncode == 4
    assert "problem: missing video (25)" in done.stdout
    assert "  gone [19] (19.mp4): expected a video, found no such file" in done.stdout
    assert "gone [20]" not in done.stdout and "... and 5 more; --all" in done.stdout
    assert "  train 0 (train 0.mp4): a segment must have 0 <= start" in done.stdout
    assert "note: file that no annotation names (1)" in done.stdout
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: dataset.json: 26 problems")
    assert last.endswith("then type: soda check dataset.json")
    assert "Traceback" not in done.stderr

    result = read_json(tmp_path / "out.json")
    assert len(result["problems"]) == 26 and len(result["notes"]) == 1
    assert result["problems"][0] == {
        "video_id": "train 0",
        "kind": "impossible segment",
        "text": "a segment must have 0 <= start < end, got [3.0, 2.0] (right)",
        "file": "train 0.mp4",
    }
    assert result["videos"][0]["facts"]["num_frames"] == 90

    shown = check("dataset.json", "--all", "--jobs", "1", cwd=tmp_path)
    assert shown.returncode == 4 and "gone [24]" in shown.stdout


def test_real_videos_pass(shared_data, tmp_path):
    path = shared_data / "ut_interaction" / "annotations.json"
    done = check(path, "--videos", path.parent / "videos", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "48 videos (30 train, 18 test), 6 classes, 0.33 h" in done.stdout
    assert "note:" not in done.stdout
    assert f"--videos {path.parent / 'videos'}" in done.stdout


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (None, 3, "no such dataset"),
        ("{", 4, "d.json: expected JSON"),
        ('{"version": 1, "videos": [{}]}', 4, '$.videos[0]: "id" is a required'),
        ('{"database": {"v": {"subset": "dev"}}}', 4, "found 1 of the subsets 'dev'"),
    ],
)
def test_annotations_that_cannot_be_read_are_named(tmp_path, content, code, sentence):
    (tmp_path / "v.mp4").write_bytes(b"x")
    if content:
        (tmp_path / "d.json").write_text(content)
    done = check("d.json", cwd=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_road_from_a_folder_to_a_score(tmp_path):
    rows = ["path,label,start_seconds,end_seconds,subset"]
    for index in range(6):
        label, name = list(STEPS)[index % 2], f"é {index}.mp4"
        moving = range(20 + 5 * index, 50 + 5 * index)
        (tmp_path / "videos").mkdir(exist_ok=True)
        pictures = square_pictures(label, moving, seed=index)
        write_video(tmp_path / "videos" / name, pictures)
        subset = "train" if index < 4 else "test"
        times = f"{moving.start / 25},{moving.stop / 25}"
        rows.append(f"{name},{label},{times},{subset}")
    (tmp_path / "actions.csv").write_text("\n".join(rows), encoding="utf-8")
    made = run("soda", "init", "videos", "--csv", "actions.csv", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "next: soda check videos/dataset.json" in made.stdout
    assert check("videos/dataset.json", cwd=tmp_path).returncode == 0
    done = luigi("Evaluate", "--dataset", "videos/dataset.json", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 test videos" in done.stdout


def test_folders_of_subsets_are_read_in_any_case_or_refused(tmp_path):
    names = ["Train/right/0.mp4", "Train/Background/1.mp4", "VAL/right/2.mp4"]
    for number, name in enumerate(names):
        (tmp_path / "data" / name).parent.mkdir(parents=True)
        pictures = square_pictures("right", range(20, 50), seed=number)
        write_video(tmp_path / "data" / name, pictures)
    made = run("soda", "init", "data", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "3 videos (2 train, 1 test)" in made.stdout
    assert "  background: 1 train, 0 test" in made.stdout
    assert "  right: 1 train, 1 test" in made.stdout
    done = check("data/dataset.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 class" in done.stdout
    (tmp_path / "data" / "Test").mkdir()
    (tmp_path / "data" / "VAL" / "right").rename(tmp_path / "data" / "Test" / "right")
    (tmp_path / "data" / "Train").rename(tmp_path / "data" / "train_1")
    refused = run("soda", "init", "data", "--force", cwd=tmp_path)
    assert refused.returncode == 2
    assert "found 'Test', 'train_1'; move or rename" in refused.stderr


@pytest.mark.slow
def test_videos_with_labels_alone_train_and_detect(tmp_path):
    for label in STEPS:
        (tmp_path / "videos" / label).mkdir(parents=True)
        for index in range(3):
            pictures = square_pictures(label, range(20, 50), seed=index)
            write_video(tmp_path / "videos" / label / f"{index}.mp4", pictures)
    assert run("soda", "init", "videos", cwd=tmp_path).returncode == 0
    done = check("videos/dataset.json", cwd=tmp_path)
    assert done.returncode == 0 and "learned from its labels alone" in done.stdout
    task = ("DetectActions", "--dataset", "videos/dataset.json", "--workdir", "work")
    refused = luigi(*task, *QUICK, cwd=tmp_path)
    assert refused.returncode == 4 and "--frame-loss none" in refused.stderr
    detected = luigi(*task, *QUICK, "--frame-loss", "none", cwd=tmp_path)
    assert detected.returncode == 0, detected.stderr
    (points,) = (tmp_path / "work" / "points").glob("*.csv")
    assert points.read_text().split() == ["video_id,seconds,label,kind"]
