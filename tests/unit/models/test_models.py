import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.aggregation import (
    aggregate,
    average,
    category_softmax,
    temporal_softmax,
    topk_mean,
)
from models.config import TrainConfig
from models.fit import FitState, Samples, batch_indices, fit
from models.predictor import Predictor
from models.rescale import interpolate, rescale, sample
from models.soda import build_soda
from pipeline.datasets import BACKGROUND, Point
from pipeline.detection.proposals import DetectConfig, detect_actions
from pipeline.errors import AnnotationError, SodaError
from pipeline.grid import SnippetGrid
from pipeline.points.formats import read_points, write_points
from pipeline.seeds import generator_of
from pipeline.training.fit import digest_of, load_checkpoint, save_checkpoint
from pipeline.training.samples import (
    TrainingVideo,
    check_points,
    make_samples,
)

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
EPSILON = torch.finfo(torch.float32).eps
SMALL = TrainConfig(
    cells=8, hidden=16, epochs=4, batch_size=2, learning_rate=1e-2, dropout=0.5
)


def samples(videos=5, features=6, classes=2, cells=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.zeros(videos, classes)
    labels[torch.arange(videos), torch.arange(videos) % classes] = 1
    targets = torch.zeros(videos, classes + 1, cells)
    targets[:, 1, 0] = 1
    targets[:, 0, 3] = 1
    inputs = torch.randn(videos, features, cells, generator=generator)
    return Samples(inputs, labels, targets)


def test_casnet_keeps_time_and_adds_background():
    model = build_soda(6, 3, SMALL)
    assert model(torch.zeros(2, 6, 8)).shape == (2, 2, 4, 8)
    assert model.master.classify.bias is None


LOG3 = math.log(3)
# Two categories over four cells, and the scores by hand.
CAS = torch.tensor([[LOG3, 0.0, 0.0, 0.0], [0.0, 0.0, LOG3, LOG3]])
AGGREGATED = {
    "topk_mean": (LOG3 / 2, LOG3),  # of the best two
    "average": (LOG3 / 4, LOG3 / 2),
    # Of weights 3, 1, 1, 1 and 1, 1, 3, 3 over time.
    "temporal_softmax": (3 / 6 * LOG3, 6 / 8 * LOG3),
    # Where a category is at log 3 the other is at 0: its share of the cell is 3/4.
    "category_softmax": (3 / 4 * LOG3 / 4, 3 / 4 * LOG3 / 2),
}


def test_topk_mean_by_hand():
    cas = torch.tensor([[1.0, 5.0, 3.0, 2.0], [0.0, 0.0, 0.0, 8.0]])
    assert topk_mean(cas, divisor=2).tolist() == [4.0, 4.0]
    assert topk_mean(cas, divisor=8).tolist() == [5.0, 8.0]


@pytest.mark.parametrize("name", AGGREGATED)
def test_aggregations_by_hand(name):
    config = TrainConfig(aggregation=name, topk_divisor=2)
    expected = torch.tensor(AGGREGATED[name])
    torch.testing.assert_close(aggregate(CAS, config), expected)
    both = aggregate(CAS.expand(2, 3, 2, 4), config)
    torch.testing.assert_close(both, expected.expand(2, 3, 2))


def test_each_aggregation_is_its_function():
    functions = {
        "average": average,
        "temporal_softmax": temporal_softmax,
        "category_softmax": category_softmax,
        "topk_mean": topk_mean,
    }
    cas = torch.randn(3, 16)
    for name, function in functions.items():
        config = TrainConfig(aggregation=name)
        assert torch.equal(aggregate(cas, config), function(cas))


@pytest.mark.parametrize("name", AGGREGATED)
@given(value=st.floats(-5, 5), cells=st.integers(1, 30))
def test_constant_responses_have_one_score_whatever_the_length(name, value, cells):
    scores = aggregate(torch.full((2, cells), value), TrainConfig(aggregation=name))
    # Two equal categories share every instant.
    expected = value / 2 if name == "category_softmax" else value
    assert scores.tolist() == pytest.approx([expected] * 2, abs=1e-5)


@pytest.mark.parametrize("name", AGGREGATED)
def test_a_response_that_grows_raises_its_score(name):
    cas = torch.full((2, 8), 0.5)
    before = aggregate(cas, TrainConfig(aggregation=name))
    cas[1, 3] += 1.0
    after = aggregate(cas, TrainConfig(aggregation=name))
    assert after[1] > before[1] and after[0] <= before[0]


def test_rescaling_to_the_same_length_is_the_identity():
    sequence = torch.randn(3, 9)
    torch.testing.assert_close(rescale(sequence, 9), sequence)
    # Weights that sum to 1 may round to a neighbouring float.
    repeated = sequence[:, :1].expand(3, 5)
    torch.testing.assert_close(
        rescale(sequence[:, :1], 5), repeated, rtol=4 * EPSILON, atol=0
    )
    jitter = generator_of(0, "v")
    assert torch.equal(rescale(sequence, 9, "sampled", jitter), sequence)


lengths = st.integers(1, 300)


def sampled_snippets(snippets, cells, jitter=None):
    """The index of the snippet in each cell."""
    return sample(torch.arange(snippets)[None].double(), cells, jitter)[0].long()


@given(snippets=lengths, cells=lengths, seed=st.none() | st.integers(0, 99))
def test_sampled_snippets_lie_in_their_cells_in_order(snippets, cells, seed):
    jitter = None if seed is None else generator_of(seed, "v")
    indices = sampled_snippets(snippets, cells, jitter)
    assert indices.shape == (cells,)
    assert indices.min() >= 0 and indices.max() < snippets
    assert (indices.diff() >= 0).all()
    # In units of 1 / cells of a snippet, exactly: snippet and cell share some time.
    snippet, cell = indices * cells, torch.arange(cells) * snippets
    assert (snippet < cell + snippets).all() and (cell < snippet + cells).all()


@given(lengths, lengths)
def test_shorter_videos_repeat_every_snippet_and_never_jitter(snippets, more):
    cells = snippets + more
    indices = sampled_snippets(snippets, cells, generator_of(0, "v"))
    assert torch.equal(indices, sampled_snippets(snippets, cells))
    counts = indices.bincount(minlength=snippets)
    assert counts.min() >= 1 and counts.max() - counts.min() <= 1


def test_the_snippets_of_a_longer_video_are_drawn_from_seed_and_id():
    first, again, other = (
        sampled_snippets(750, 100, generator_of(0, name)).tolist()
        for name in ("v", "v", "w")
    )
    assert first == again != other
    assert first != sampled_snippets(750, 100).tolist()


@pytest.mark.parametrize("scaling", ["linear", "sampled"])
@given(snippets=st.integers(1, 40), cells=st.integers(1, 40))
def test_a_ramp_stays_at_its_time(scaling, snippets, cells):
    ramp = torch.arange(snippets) + 0.5  # each snippet's centre, its position
    rescaled = rescale(ramp[None], cells, scaling)[0]
    centres = (torch.arange(cells) + 0.5) * snippets / cells
    assert ((rescaled - centres).abs() <= 0.5 + 1e-4).all()


def test_linear_scaling_is_interpolation():
    sequence = torch.randn(3, 9)
    assert torch.equal(rescale(sequence, 20), interpolate(sequence, 20))


def test_every_video_is_seen_once_an_epoch():
    orders = [torch.cat(list(batch_indices(5, SMALL, epoch))) for epoch in range(3)]
    assert all(sorted(order.tolist()) == [0, 1, 2, 3, 4] for order in orders)
    assert orders[0].tolist() != orders[1].tolist()


def test_training_lowers_the_loss():
    _, history = fit(samples(), TrainConfig(**{**vars(SMALL), "epochs": 20}), CPU)
    assert history[-1]["total"] < history[0]["total"]
    assert [h["epoch"] for h in history] == list(range(1, 21))


def test_the_seed_decides():
    first, again = (fit(samples(), SMALL, CPU)[0].state_dict() for _ in range(2))
    other = fit(samples(), TrainConfig(**{**vars(SMALL), "seed": 1}), CPU)[0]
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(
        first["networks.0.classify.weight"],
        other.state_dict()["networks.0.classify.weight"],
    )


def test_a_training_begins_with_the_networks_it_is_given():
    first = fit(samples(), SMALL, CPU)[0].state_dict()
    untrained = replace(SMALL, epochs=0, seed=1)
    begun = fit(samples(), untrained, CPU, start=first)[0].state_dict()
    assert all(torch.equal(begun[name], first[name]) for name in first)


def test_a_resumed_training_ends_where_an_unbroken_one_does():
    class Break(Exception):
        pass

    kept = {}

    def keep_second(state):
        if state.epoch == 2:
            kept["state"] = FitState(
                2,
                {k: v.clone() for k, v in state.model.items()},
                torch.utils._pytree.tree_map(
                    lambda v: v.clone() if torch.is_tensor(v) else v, state.optimizer
                ),
                list(state.history),
            )
            raise Break

    with pytest.raises(Break):
        fit(samples(), SMALL, CPU, after_epoch=keep_second)
    resumed, resumed_history = fit(samples(), SMALL, CPU, resume=kept["state"])
    whole, history = fit(samples(), SMALL, CPU)
    assert history == resumed_history
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name])


def test_the_predictor_uses_the_master_alone():
    model = build_soda(6, 2, SMALL)
    before = Predictor(model, SMALL, CPU).predict(np.ones((3, 6), np.float32))
    torch.nn.init.zeros_(model.networks[1].classify.weight)
    after = Predictor(model, SMALL, CPU).predict(np.ones((3, 6), np.float32))
    np.testing.assert_array_equal(before.cas, after.cas)
    assert before.cas.shape == (3, 8)
    assert before.video_scores.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", AGGREGATED)
def test_the_predictor_aggregates_as_the_training_does(name):
    config = replace(SMALL, aggregation=name)
    model = build_soda(6, 2, config)
    prediction = Predictor(model, config, CPU).predict(np.eye(6, dtype=np.float32))
    scores = aggregate(torch.from_numpy(prediction.cas), config).softmax(0)
    np.testing.assert_allclose(prediction.video_scores, scores, rtol=1e-5)


@pytest.mark.parametrize("scaling", ["linear", "sampled"])
@pytest.mark.parametrize("snippets", [1, 3, 8, 100])
def test_videos_shorter_and_longer_than_t_are_detected_in(scaling, snippets):
    config = replace(SMALL, scaling=scaling)
    predictor = Predictor(build_soda(6, 2, config), config, CPU)
    features = np.random.default_rng(0).normal(size=(snippets, 6)).astype(np.float32)
    prediction = predictor.predict(features)
    assert prediction.cas.shape == (3, 8)
    again = predictor.predict(features)
    np.testing.assert_array_equal(prediction.cas, again.cas)  # no jitter at detection
    grid = SnippetGrid(num_frames=16 * snippets)
    for found in detect_actions(prediction, ("a", "b"), grid, DetectConfig()):
        assert 0 <= found.start_seconds < found.end_seconds <= grid.end_seconds


def test_one_class_alone_is_learned_and_found():
    drawn = samples(classes=1)
    config = replace(SMALL, epochs=10)
    model, history = fit(drawn, config, CPU)
    assert history[-1]["total"] < history[0]["total"]
    prediction = Predictor(model, config, CPU).predict(drawn.features[0].T.numpy())
    found = detect_actions(
        prediction, ("a",), SnippetGrid(num_frames=128), DetectConfig()
    )
    assert {d.label for d in found} == {"a"}


@pytest.mark.parametrize(
    "variant",
    [
        {"aggregation": "category_softmax", "networks": 5},
        {"aggregation": "temporal_softmax", "distill_on": "video_scores"},
        {"aggregation": "average", "frame_loss": "sigmoid", "distillation": "l2"},
        {"frame_loss": "focal", "distillation": "kl", "networks": 3},
        {"frame_loss": "none", "networks": 1, "background_label": 1},
        {"distill_space": "softmax", "distill_detach": "auxiliary"},
    ],
)
def test_every_variant_learns(variant):
    _, history = fit(samples(), replace(SMALL, epochs=15, **variant), CPU)
    assert history[-1]["total"] < history[0]["total"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((3, 4), np.float32), "expected features of width 6, .* found 4"),
        (np.full((3, 6), np.nan, np.float32), "expected finite features"),
        (np.full((3, 6), np.inf, np.float32), "expected finite features"),
    ],
)
def test_features_that_are_not_the_models_are_refused(features, message):
    predictor = Predictor(build_soda(6, 2, SMALL), SMALL, CPU)
    with pytest.raises(ValueError, match=message):
        predictor.predict(features)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"networks": 0}, "networks must be a finite number, at least 1, got 0"),
        ({"cells": 0}, "cells must be a finite number, at least 1, got 0"),
        ({"background_label": 2}, "background_label must be 0 or 1"),
        ({"dropout": 1.0}, "dropout must be in"),
        ({"epochs": -1}, "epochs must be a finite number, at least 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a finite number"),
        ({"distillation_weight": math.inf}, "distillation_weight must be a finite"),
    ],
)
def test_impossible_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**wrong)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        (
            "aggregation",
            "topk_mean, average, temporal_softmax, category_softmax",
        ),
        ("frame_loss", "softmax, sigmoid, focal, none"),
        ("distillation", "l1, l2, kl"),
        ("distill_on", "cas, video_scores"),
        ("distill_space", "raw, softmax"),
        ("distill_detach", "none, master, auxiliary"),
        ("scaling", "linear, sampled"),
    ],
)
def test_unknown_choices_are_refused_where_no_test_checks_types(name, choices):
    config = TrainConfig()
    object.__setattr__(config, name, "other")
    with pytest.raises(ValueError, match=f"{name} must be one of {choices}, got 'oth"):
        config.__post_init__()


# What training is given: features, clicks and a checkpoint.

GRID = SnippetGrid(num_frames=160)  # 10 snippets, 6.4 s


def video(points=(), features=None, id="kick 1"):
    if features is None:
        features = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)
    return TrainingVideo(features, GRID, ("a",), points, id, Path(f"{id}.safetensors"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_named_with_video_and_file(value):
    features = np.ones((10, 6), np.float32)
    features[3, 2] = features[7, 0] = value
    message = (
        r"kick 1\.safetensors: expected finite features of the video 'kick 1', found "
        r"NaN or infinite values in 2 of 10 snippets, the first of them 3; delete"
    )
    with pytest.raises(SodaError, match=message):
        make_samples([video(id="whole"), video(features=features)], ("a",), 8)


@pytest.mark.parametrize("cells", [1, 4, 10, 30])
@pytest.mark.parametrize("scaling", ["linear", "sampled"])
def test_videos_shorter_and_longer_than_t_are_trained_on(scaling, cells):
    made = make_samples([video([Point(3.3, "a")])], ("a",), cells, scaling, seed=1)
    assert made.features.shape == (1, 6, cells)
    clicked = int(made.targets[0, 1].argmax())
    assert clicked == GRID.cell_at(3.3, cells)
    _, history = fit(made, replace(SMALL, cells=cells, epochs=1), CPU)
    assert math.isfinite(history[0]["total"])


def test_sampled_snippets_differ_by_seed_and_video_and_stay():
    def drawn(seed, id):
        return make_samples([video(id=id)], ("a",), 4, "sampled", seed).features

    assert torch.equal(drawn(0, "v"), drawn(0, "v"))
    others = [drawn(seed, id) for seed, id in ((1, "v"), (2, "v"), (0, "w"))]
    assert not all(torch.equal(other, drawn(0, "v")) for other in others)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (Point(9.0, "a"), "9 s, beyond the video's end at 6.4 s"),
        (Point(9.0, BACKGROUND), r"\(background\) that ends at 9 s"),
        (Point(-0.5, "a"), "is at -0.5 s, before the video begins"),
        (Point(math.nan, "a"), "beyond the video's end"),
        (Point(1.0, "b"), r"click \(b\) that is not one of the classes a"),
    ],
)
def test_clicks_that_mean_nothing_are_named(point, message):
    with pytest.raises(AnnotationError, match=message) as raised:
        check_points([video([Point(1.0, "a"), point])], ("a",), Path("clicks.csv"))
    assert str(raised.value).startswith("clicks.csv: the video 'kick 1' has a click")


def test_a_click_just_after_the_last_frame_is_on_the_last_frame():
    clicks = [Point(6.9, "a"), Point(0.0, BACKGROUND)]
    check_points([video(clicks)], ("a",), Path("clicks.csv"))
    made = make_samples([video(clicks)], ("a",), 10)
    assert made.targets[0, 1].tolist() == [0] * 9 + [1]


def test_an_empty_points_file_trains_by_labels_alone(tmp_path):
    path = tmp_path / "clicks.csv"
    write_points(path, {})
    assert read_points(path) == {}
    _, history = fit(make_samples([video()], ("a", "b"), 8), SMALL, CPU)
    assert history[-1]["frame"] == 0 and math.isfinite(history[-1]["total"])


def cut_off(path):
    path.write_bytes(path.read_bytes()[:1000])


def flip_bit(path):
    """Change a weight, which torch.load does not notice."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


BREAKS = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no checkpoint"),
    "a flipped bit": flip_bit,
    "cut off": cut_off,
    "a list": lambda path: torch.save([1, 2], path),
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
    "other fields": lambda path: torch.save({"made_of": "", "state": {"x": 1}}, path),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_checkpoint_is_named_and_training_starts_anew(how, tmp_path, caplog):
    path, made_of = tmp_path / "checkpoint.pt", digest_of(samples())
    states = []
    fit(samples(), SMALL, CPU, after_epoch=states.append)
    save_checkpoint(path, made_of, states[-1])
    assert load_checkpoint(path, made_of, CPU).epoch == SMALL.epochs
    assert not caplog.records
    BREAKS[how](path)
    with caplog.at_level(logging.WARNING, "soda"):
        assert load_checkpoint(path, made_of, CPU).epoch == 0
    assert "checkpoint.pt: expected a whole file as this program" in caplog.text
