import numpy as np
import pytest
import torch

from models.config import TrainConfig
from models.fit import fit
from pipeline.datasets import BACKGROUND, Point
from pipeline.errors import InputNotFoundError, SodaError
from pipeline.grid import SnippetGrid
from pipeline.model_folder.folder import load_model
from pipeline.training.fit import (
    CHECKPOINT,
    check_finite,
    digest_of,
    fit_resumable,
    load_checkpoint,
    save_checkpoint,
)
from pipeline.training.samples import TrainingVideo, frame_targets, make_samples
from tests.model_maker import write_model

CPU = torch.device("cpu")
GRID = SnippetGrid(num_frames=160)  # 10 snippets of .64 s
SMALL = TrainConfig(cells=10, hidden=8, epochs=3, batch_size=2)


def video(seed=0, labels=("a",), points=()):
    features = np.random.default_rng(seed).normal(size=(10, 6)).astype(np.float32)
    return TrainingVideo(features, GRID, labels, points)


def samples():
    videos = [video(0), video(1, ("b",), [Point(1.0, "b")]), video(2)]
    return make_samples(videos, ("a", "b"), cells=10)


def test_a_point_marks_the_cell_that_it_lies_in():
    targets = frame_targets([Point(0.7, "b")], GRID, ("a", "b"), cells=10)
    assert targets[:, 1].tolist() == [0, 0, 1]
    assert targets.sum() == 1


def test_action_beats_background_and_actions_share():
    points = [Point(0.1, BACKGROUND), Point(0.2, "a"), Point(0.3, "b")]
    targets = frame_targets(points, GRID, ("a", "b"), cells=10)
    assert targets[:, 0].tolist() == [0, 0.5, 0.5]


def test_two_clicks_of_one_label_on_a_cell_are_one():
    points = [Point(0.1, BACKGROUND), Point(0.2, BACKGROUND)]
    assert frame_targets(points, GRID, ("a",), cells=10)[:, 0].tolist() == [1, 0]


def test_points_keep_their_time_when_the_sequence_is_rescaled():
    for cells in (5, 10, 64, 750):
        targets = frame_targets([Point(3.2, "a")], GRID, ("a",), cells)
        marked = int(np.flatnonzero(targets[1])[0])
        start = GRID.position_to_seconds(marked, cells)
        assert start <= 3.2 <= GRID.position_to_seconds(marked + 1, cells)


def test_labels_become_rows_of_ones():
    assert samples().labels.tolist() == [[1, 0], [0, 1], [1, 0]]


def test_a_checkpoint_is_for_the_data_that_it_was_made_of(tmp_path):
    path = tmp_path / CHECKPOINT
    states = []
    fit(samples(), SMALL, CPU, after_epoch=states.append)
    save_checkpoint(path, digest_of(samples()), states[0])
    assert load_checkpoint(path, digest_of(samples()), CPU).epoch == 1
    assert load_checkpoint(path, "other data", CPU).epoch == 0
    assert load_checkpoint(tmp_path / "none", "", CPU).epoch == 0


def test_a_training_goes_on_from_its_checkpoint_to_the_same_model(tmp_path, capsys):
    states = []

    def keep(state):
        if state.epoch == 2:
            save_checkpoint(tmp_path / CHECKPOINT, digest_of(samples()), state)
        states.append(state.epoch)

    whole, _ = fit(samples(), SMALL, CPU, after_epoch=keep)
    resumed, history = fit_resumable(samples(), SMALL, CPU, tmp_path)
    assert "done before: 2, to do: 1" in capsys.readouterr().err
    assert len(history) == 3
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name])


def test_a_model_folder_comes_back(tmp_path):
    model = write_model(tmp_path).model
    back, read = load_model(tmp_path)
    assert read["classes"] == ["jump", "squat"]
    for name, value in model.state_dict().items():
        assert torch.equal(value, back.state_dict()[name])
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(SodaError, match=r"model\.safetensors: .* found a broken one"):
        load_model(tmp_path)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="expected a model folder"):
        load_model(tmp_path)


def test_a_diverged_training_is_stopped():
    with pytest.raises(SodaError, match=r"loss \(video\) is not finite after epoch 3"):
        check_finite({"epoch": 3, "video": float("nan"), "frame": 1.0})
