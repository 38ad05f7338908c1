"""Bad input: one clear sentence, an exit code, the ledger, and no half-written file."""

import json
import os
import subprocess

import pytest

from pipeline.storage import TEMPORARY_PREFIX, read_json
from tests.command.commands import QUICK, command, luigi, run
from tests.dataset_maker import entry, make_dataset, square_pictures, write_manifest
from tests.finished import CACHES, copy_run
from tests.video_maker import noise_pictures, numbered_pictures, write_video

pytestmark = pytest.mark.slow


def decode(folder, *more):
    dataset = folder / "data" / "dataset.json"
    places = ["--dataset", dataset, "--workdir", folder / "work"]
    return luigi("DecodeVideos", *places, "--short-side", "64", *more, cwd=folder)


def ledger(folder, stage):
    paths = (folder / "work" / "failures" / stage).glob("*.json")
    return {entry["id"]: entry["message"] for entry in map(read_json, paths)}


def assert_nothing_half_written(folder):
    assert not list(folder.rglob(f"{TEMPORARY_PREFIX}*"))


def test_bad_videos_are_named_and_the_others_are_done(tmp_path):
    data = tmp_path / "data"
    make_dataset(data, train=1, test=1)
    content = json.loads((data / "dataset.json").read_text())
    whole = (data / "train 0.mp4").read_bytes()

    def bad(name, content=None, **fields):
        if content is not None:
            (data / f"{name}.mp4").write_bytes(content)
        video = {"id": name, "path": f"{name}.mp4", "subset": "train"}
        return {**video, "labels": ["right"], **fields}

    late = [{"label": "right", "segment": [1, 60]}]
    short = square_pictures("right", range(20, 50), seed=9)
    write_video(data / "short.mp4", [next(short) for _ in range(3)])
    entries = [
        *content["videos"],
        bad("missing"),
        bad("empty", b""),
        bad("text", b"this is no video\n" * 100),
        bad("truncated", whole[: len(whole) // 2]),
        bad("late", whole, segments=late),
        bad("short"),
    ]
    write_manifest(data, entries)
    done = decode(tmp_path)
    assert done.returncode == 30
    failed = ledger(tmp_path, "decode")
    assert set(failed) == {"missing", "empty", "text", "truncated", "late"}
    for id, message in failed.items():
        assert f"{id}.mp4" in message and message in done.stderr
    assert "5 of 8 videos failed" in done.stderr
    assert "Traceback" not in done.stderr
    frames = {path.stem for path in tmp_path.glob("work/frames/*/*.mkv")}
    assert frames == {"train 0", "test 1", "short"}
    assert_nothing_half_written(tmp_path)
    allowed = decode(tmp_path, "--max-failures", "0.7")
    assert allowed.returncode == 0, allowed.stderr
    assert read_json(next(tmp_path.glob("work/frames/*/done.json")))["record"]


def test_videos_that_ask_for_too_much_are_named_and_the_others_are_done(tmp_path):
    data = tmp_path / "data"
    make_dataset(data, train=1, test=1)
    content = json.loads((data / "dataset.json").read_text())
    os.mkfifo(data / "pipe.mkv")
    times = {"pts": [0, 1, 10**10], "options": {"bf": "0"}}
    write_video(data / "year 12.mkv", numbered_pictures(3), **times)
    write_video(data / "wide.mkv", noise_pictures(3, 1400, 20), codec="ffv1")
    names = {
        "pipe": "not a file",
        "year 12": "hours",
        "wide": "1400 x 20 pixels",
    }
    entries = [
        {"id": id, "path": f"{id}.mkv", "subset": "train", "labels": ["right"]}
        for id in names
    ]
    write_manifest(data, [*content["videos"], *entries])
    done = decode(tmp_path)
    assert done.returncode == 30
    failed = ledger(tmp_path, "decode")
    assert failed.keys() == names.keys()
    for id, reason in names.items():
        assert f"{id}.mkv" in failed[id] and reason in failed[id]
    assert "Traceback" not in done.stderr and "memory" not in done.stderr
    written = {path.stem for path in tmp_path.glob("work/frames/*/*.mkv")}
    assert written == {"train 0", "test 1"}
    assert_nothing_half_written(tmp_path)


def test_a_bad_test_video_is_counted_in_the_score(finished, tmp_path):
    copy_run(finished, tmp_path, *CACHES)
    (tmp_path / "data" / "test 4.mp4").write_bytes(b"")
    places = ["--dataset", tmp_path / "data" / "dataset.json", "--workdir", "work"]
    done = luigi("Evaluate", *places, *QUICK, "--max-failures", "0.5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 2 test videos" in done.stdout
    result = read_json(next(tmp_path.glob("work/evaluation/*.json")))
    assert result["videos"] == {"scored": 1, "of": 2, "unlisted": 0}


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"labels": ["left"]}, 4, "v: the label 'left' is not in the class list"),
        (
            {"segments": [{"label": "right", "segment": [0, 99]}], "duration": 4},
            4,
            "ends at 99 s, beyond the video's end at 4 s",
        ),
        ({"id": "w"}, 4, "the id occurs 2 times"),
        ({"subset": "dev"}, 4, '"dev" is not one of'),
    ],
)
def test_bad_annotations_stop_before_any_work(tmp_path, change, code, sentence):
    good = entry(tmp_path / "data" / "v.mp4", "train", "right", range(5, 10))
    (tmp_path / "data").mkdir()
    write_manifest(tmp_path / "data", [{**good, **change}, {**good, "id": "w"}])
    done = decode(tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr and "dataset.json" in done.stderr
    assert "Traceback" not in done.stderr
    (found,) = ledger(tmp_path, "dataset").values()
    assert sentence.split(": ")[-1] in found
    assert not (tmp_path / "work" / "frames").exists()


def test_an_empty_folder_of_videos_is_named(tmp_path):
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    (data / "dataset.json").write_text('{"database": {"v": {"subset": "train"}}}')
    done = decode(tmp_path)
    assert done.returncode == 3
    assert "videos: the folder contains no video file" in done.stderr
    assert len(ledger(tmp_path, "dataset")) == 1


def test_a_dataset_that_is_not_there_is_named(tmp_path):
    done = decode(tmp_path)
    assert done.returncode == 3
    assert "no such dataset" in done.stderr and "Traceback" not in done.stderr


def test_a_luigi_cfg_of_another_project_costs_one_sentence_and_seconds(tmp_path):
    make_dataset(tmp_path / "data", train=1, test=0)
    (tmp_path / "luigi.cfg").write_text(
        "[core]\nlocal_scheduler=false\nscheduler_host=nowhere.invalid\n"
    )
    # Luigi reads the file when it is imported, which a fork has done elsewhere.
    words = [command("soda"), "run", "data/dataset.json", "--to", "DecodeVideos"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "http://nowhere.invalid:8082 (as luigi.cfg may say)" in line
    words += ["--local-scheduler"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--no-such", "1"), "--no-such: no such flag"),
        (("--short-sid", "9", "--x"), "--x: no such flag"),
        (("--epochs", "9"), "not a flag of DecodeVideos, but of TrainSODA, RefineSODA"),
        (("--short-side",), "--short-side: expected one argument"),
        (("--short-side", "big"), "--short-side big: expected a whole number"),
        (("--preset", "smal"), "unknown preset 'smal'; did you mean 'small'?"),
        (("--device", "cuda:99"), "PyTorch sees no CUDA device"),
    ],
)
def test_unknown_parameters_are_usage_errors(tmp_path, arguments, sentence):
    make_dataset(tmp_path / "data", train=1, test=0)
    if "--device" in arguments and os.environ.get("SODA_HAS_GPU"):
        pytest.skip("this machine has a GPU")
    task = "ExtractFeatures" if "--device" in arguments else "DecodeVideos"
    places = ["--dataset", tmp_path / "data" / "dataset.json", "--workdir", "work"]
    done = luigi(task, *places, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Evaluate"], "--dataset is missing; try --dataset demo"),
        (["Evalute", "--dataset", "demo"], "No task Evalute. Did you mean:\nEvaluate"),
    ],
)
def test_a_command_that_was_typed_wrong_is_answered_in_a_sentence(
    tmp_path, arguments, sentence
):
    done = luigi(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_space(tmp_path):
    make_dataset(tmp_path / "data", train=2, test=0)
    small = tmp_path / "work"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    try:
        done = decode(tmp_path, "--short-side", "256")
        assert done.returncode == 30
        assert "is full; free some space" in done.stderr
        assert str(small) in done.stderr and "Traceback" not in done.stderr
        assert_nothing_half_written(small)
        resize = ["mount", "-o", "remount,size=200m", str(small)]
        subprocess.run(resize, check=True)
        assert decode(tmp_path, "--short-side", "256").returncode == 0
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_soda_names_what_is_wrong(tmp_path):
    video = tmp_path / "v.mp4"
    video.write_text("no video")
    for arguments, code, sentence in [
        (("detect", video, "--model", tmp_path), 3, "expected a model folder"),
        (("evaluate", "--ground-truth", "x", "--detections", "y"), 3, "no such file"),
        (("evaluate", "--ground-truth", "x"), 2, "--detections"),
        (("no-such",), 2, "No such command"),
    ]:
        done = run("soda", *arguments, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert sentence in done.stderr and "Traceback" not in done.stderr
