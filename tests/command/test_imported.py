"""The road over features that somebody else made: no video is needed."""

import numpy as np
import pytest

from pipeline.storage import read_arrays, read_json, write_json
from tests.command.commands import QUICK, luigi, run
from tests.dataset_maker import FRAMES
from tests.finished import copy_run

pytestmark = pytest.mark.slow

# What is left of QUICK where nothing is made of videos.
TRAINING = QUICK[QUICK.index("--cells") :]


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    """Our features of some videos as plain arrays, and the detections in them."""
    folder = tmp_path_factory.mktemp("world")
    copy_run(finished, folder, work="work/data")
    manifest, work = folder / "data" / "dataset.json", folder / "work" / "data"
    export = ["export", "features", str(work), "--format", "npy", "--output", "theirs"]
    assert run("soda", *export, cwd=folder).returncode == 0
    content = read_json(manifest)
    for video in content["videos"]:
        video["duration"] = FRAMES / 25
        (folder / "data" / video["path"]).unlink()
    write_json(manifest, content)
    return folder


def evaluate(folder, *more, workdir="imported", task="Evaluate"):
    places = ["--dataset", folder / "data" / "dataset.json", "--workdir", workdir]
    features = ["--features-dir", folder / "theirs"]
    return luigi(task, *places, *features, *TRAINING, *more, cwd=folder)


def results(folder, pattern):
    (path,) = folder.glob(pattern)
    return read_json(path)["results"]


def test_the_same_features_give_the_same_detections(world):
    stated = (world / "theirs" / "features.json").rename(world / "features.json")
    done = evaluate(world, task="Report")
    again = evaluate(world, task="Report")
    stated.rename(world / "theirs" / "features.json")
    assert done.returncode == 0, done.stderr
    assert (
        "one feature every 16 frames at 25 fps, which fits the durations of 6 of 6"
        in done.stderr
    )
    assert "made elsewhere" in " ".join(done.stdout.split())
    own = results(world, "work/*/detections/*/detections.json")
    theirs = results(world, "imported/detections/*/detections.json")
    assert theirs == own and any(own.values())
    assert "Nothing to do" in again.stderr


def test_what_was_exported_comes_back_with_its_times(world):
    done = evaluate(world, workdir="exported")
    assert "at 25 fps, from features.json" in done.stderr
    for path in world.glob("exported/features/*/*.safetensors"):
        (own,) = world.glob(f"work/*/features/*/{path.name}")
        (features, header), (expected, own_header) = map(read_arrays, (path, own))
        assert header["grid"] == own_header["grid"]
        np.testing.assert_array_equal(features["features"], expected["features"])


def test_a_changed_file_is_imported_again_and_trained_on(world):
    assert evaluate(world, workdir="changing").returncode == 0
    path = world / "theirs" / "train 0.npy"
    features = np.load(path)
    np.save(path, features + 1)
    done = evaluate(world, workdir="changing")
    np.save(path, features)
    assert done.returncode == 0, done.stderr
    assert "features: 6 videos, done before: 5, to do: 1" in done.stderr
    assert "TrainSODA" in done.stderr


def test_a_video_without_features_is_named(world, tmp_path):
    path = world / "theirs" / "test 4.npy"
    hidden = path.rename(tmp_path / path.name)
    done = evaluate(world, workdir="missing")
    allowed = evaluate(world, "--max-failures", "0.2", workdir="missing")
    hidden.rename(path)
    assert done.returncode == 30
    assert "expected features of the video 'test 4', found none" in done.stderr
    assert allowed.returncode == 0 and "1 of 2 test videos" in allowed.stdout


def test_a_wrong_rate_and_useless_flags_are_named(world):
    rate = ["--features-fps", "100", "--features-stride", "16"]
    done = evaluate(world, *rate, workdir="wrong")
    assert done.returncode == 30 and "check --features-fps" in done.stderr
    done = evaluate(world, "--short-side", "64", workdir="wrong")
    assert done.returncode == 2
    assert "--short-side: changes nothing of the features" in done.stderr


def test_a_model_of_imported_features_refuses_a_video(world):
    assert evaluate(world).returncode == 0
    (model,) = (world / "imported" / "models").glob("*")
    done = run("soda", "detect", "x.mp4", "--model", str(model), cwd=world)
    assert done.returncode == 2 and "trained on imported features" in done.stderr
