"""Which videos `soda detect` means, which model, and what it draws of them."""

import os

import numpy as np
import pytest

from models.prediction import Prediction
from pipeline import Detection, show
from pipeline.datasets import Instance, Point
from pipeline.detection.activations import (
    Response,
    read_response,
    response_path,
    write_response,
)
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.evaluation.ground_truth import read_instances
from pipeline.grid import SnippetGrid
from pipeline.inference.batch import name_videos
from pipeline.model_folder.newest import find_models, newest_model
from tests.dataset_maker import entry, write_manifest


@pytest.fixture
def videos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "cam1/b.mp4", "cam2/b.mp4", "cam2/deep/c.avi", "cam2/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def named(tmp_path, *paths, output="detections"):
    found = name_videos([tmp_path / path for path in paths], tmp_path / output)
    return {id.removeprefix(f"{tmp_path}/") for id in found}


def test_a_videos_name_is_its_files_or_its_path_where_names_are_the_same(videos):
    assert named(videos, "a.mp4", "cam2") == {"a", "b", "c"}
    assert named(videos, "a.mp4", "cam1", "cam2") == {
        *("a", "cam1/b.mp4", "cam2/b.mp4", "c"),
    }


def test_a_video_named_twice_is_one(videos):
    assert named(videos, "cam1", "cam1/b.mp4") == {"b"}


def test_what_an_earlier_search_wrote_is_no_video(videos):
    assert named(videos, "cam2", output="cam2/deep") == {"b"}


def test_what_is_not_there_is_named_before_any_work(videos):
    with pytest.raises(
        InputNotFoundError, match=r"no\.mp4: expected a video or a folder of videos"
    ):
        named(videos, "a.mp4", "no.mp4")
    with pytest.raises(UsageError, match=r"a\.mp4: expected a folder, found a file"):
        named(videos, "a.mp4", output="a.mp4")


def test_the_newest_model_is_meant_where_none_is_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="soda run DATASET --to TrainSODA"):
        newest_model(tmp_path)
    models = [tmp_path / "kitchen" / "models" / name for name in ("1", "2", "3")]
    for folder, nanoseconds in zip(models, (10, 30, 20), strict=True):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").touch()
        os.utime(folder / "model.safetensors", ns=(nanoseconds, nanoseconds))
    assert find_models(tmp_path) == models
    assert newest_model(tmp_path) == models[1]


@pytest.fixture
def response():
    cas = np.linspace(-1, 2, 24, dtype=np.float32).reshape(3, 8)
    scores = np.array([0.1, 0.2, 0.7], np.float32)
    return Response(Prediction(cas, scores), SnippetGrid(num_frames=100), ("a", "b"))


def test_a_response_comes_back_from_its_file(response, tmp_path):
    path = response_path(tmp_path, "cam1/b.mp4")
    write_response(path, response)
    same = read_response(path)
    assert (same.grid, same.classes) == (response.grid, response.classes)
    np.testing.assert_array_equal(same.prediction.cas, response.prediction.cas)
    np.testing.assert_array_equal(same.cell_seconds, response.cell_seconds)


def test_a_figure_has_a_panel_for_each_class_that_is_known(response):
    found = [Detection("a", 0.5, 0.0, 1.0), Detection("a", -0.1, 2.0, 3.0)]
    truth, clicks = [Instance("b", 1.0, 2.0)], [Point(1.5, "b"), Point(3, "background")]
    sheet = show(found, response, truth, clicks, "v")
    a, b = sheet.axes
    assert (a.get_ylabel(), b.get_ylabel()) == ("a", "b")
    assert (len(a.collections), len(b.collections)) == (2, 1)
    assert (len(a.lines), len(b.lines)) == (3, 4)  # two curves, and the clicks
    assert a.get_xlim() == (0.0, 4.0)


def test_a_figure_of_nothing_shows_the_strongest_class(response):
    (axes,) = show([], response).axes
    assert axes.get_ylabel() == "b" and len(axes.lines) == 2
    assert len(show([]).axes) == 1


def test_the_instances_of_one_video_are_found_in_whatever_subset(tmp_path):
    video = entry(tmp_path / "v.mp4", "train", "right", range(25, 50))
    path = write_manifest(tmp_path, [video])
    assert read_instances(path, "v") == (Instance("right", 1.0, 2.0),)
    with pytest.raises(AnnotationError, match="expected the video 'w'"):
        read_instances(path, "w")
