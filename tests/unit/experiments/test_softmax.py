"""What the softmaxes do (Fig. 8 and 9), on small data whose answer is known."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.config import TrainConfig
from models.fit import Samples, fit
from models.prediction import Prediction
from pipeline.datasets import BACKGROUND, Instance, Video
from pipeline.detection.activations import Response
from pipeline.experiments.figures.concentration import (
    Example,
    effective_share,
    trace_training,
)
from pipeline.experiments.figures.mixing import GROUPS, measure_mixing
from pipeline.grid import SnippetGrid

CPU = torch.device("cpu")
GRID = SnippetGrid(num_frames=160)  # 10 snippets of .64 s
CLASSES = (BACKGROUND, "a", "b", "c")
seeds = st.integers(0, 2**32)


# The temporal softmax.


def test_the_effective_share_by_hand():
    weights = torch.tensor(
        [[0.25] * 4, [0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.75, 0.0, 0.0]]
    )
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    expected = [1, 0.5, 0.25, math.exp(entropy) / 4]
    assert effective_share(weights).tolist() == pytest.approx(expected)


@given(seed=seeds, scale=st.floats(0, 100))
def test_the_effective_share_is_above_0_and_at_most_1(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    weights = (scale * torch.randn(3, 8, generator=generator)).softmax(dim=-1)
    share = effective_share(weights)
    assert (share > 0.99 / 8).all() and (share <= 1).all()


TINY = TrainConfig(
    cells=12, hidden=16, dropout=0.0, epochs=30, batch_size=2, learning_rate=0.01
)


def samples():
    """Three videos, of which the third has both classes; each is seen in two cells."""
    generator = torch.Generator().manual_seed(0)
    features = 0.3 * torch.randn(3, 6, 12, generator=generator)
    features[0, 0, 2:4] += 3
    features[1, 1, 5:7] += 3
    features[2, 0, 8:10] += 3
    features[2, 1, 1:3] += 3
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return Samples(features, labels, torch.zeros(3, 3, 12))


def trace(**changes):
    example = Example(video=2, label=1, epochs=[1, 30])
    return trace_training(samples(), replace(TINY, **changes), CPU, example)


def test_a_trace_has_an_entry_before_and_after_each_epoch():
    seen = trace()
    for entries in (seen.effective_shares, seen.largest_weights):
        assert len(entries) == 31
        for entry in entries:
            low, median, high = entry["quartiles"]
            assert 0 < low <= median <= high <= 1
            assert 0 < entry["mean"] <= 1
    assert list(seen.example) == [1, 30]
    assert all(sum(w) == pytest.approx(1, abs=1e-4) for w in seen.example.values())


def test_the_temporal_softmax_concentrates_as_it_is_trained_and_on_the_action():
    seen = trace(aggregation="temporal_softmax")
    first, last = (seen.effective_shares[epoch]["mean"] for epoch in (0, -1))
    assert last < 0.5 * first
    assert np.argmax(seen.example[30]) in (1, 2)


def test_the_last_entry_is_that_of_the_trained_model_and_looking_changes_nothing():
    seen = trace(networks=2)
    model, _ = fit(samples(), replace(TINY, networks=2), CPU)
    with torch.no_grad():
        weights = model.master(samples().features)[:, 1:].softmax(dim=-1)
    largest = weights[samples().labels > 0].amax(dim=-1).numpy()
    assert seen.largest_weights[-1]["mean"] == pytest.approx(largest.mean(), rel=1e-5)
    assert seen.example[30] == pytest.approx(weights[2, 1].tolist(), abs=1e-6)


# The category softmax.


def responses(cas, *instances, id="v"):
    labels = tuple(sorted({instance.label for instance in instances}))
    video = Video(id, "test", Path(f"{id}.mp4"), labels, instances)
    prediction = Prediction(cas, np.zeros(len(CLASSES), dtype=np.float32))
    return video, Response(prediction, GRID, CLASSES[1:])


def test_mixing_by_hand():
    cas = np.zeros((4, 10), dtype=np.float32)
    cas[1, :5] = math.log(3)  # a has a half of cells 0 to 4, a quarter of the others
    found = responses(cas, Instance("a", 0.0, 3.0), Instance("b", 3.3, 6.3))
    mixing = measure_mixing([found], CLASSES)
    assert (mixing.classes, mixing.categories) == (("a", "b"), CLASSES)
    assert mixing.matrix[0] == pytest.approx([1 / 6, 1 / 2, 1 / 6, 1 / 6])
    assert mixing.matrix[1] == pytest.approx([1 / 4] * 4)
    # Of 5 cells of a and 5 of b: own, other present, absent (c), background.
    expected = [(1 / 2 + 1 / 4) / 2, (1 / 6 + 1 / 4) / 2, *[(1 / 6 + 1 / 4) / 2] * 2]
    assert mixing.groups == pytest.approx(expected)
    assert len(GROUPS) == len(mixing.groups)


def test_an_instance_shorter_than_a_cell_counts_and_one_of_no_class_does_not():
    cas = np.zeros((4, 10), dtype=np.float32)
    short, other = Instance("c", 0.7, 0.71), Instance("Ambiguous", 2.0, 4.0)
    mixing = measure_mixing([responses(cas, short, other)], CLASSES)
    assert mixing.classes == ("c",)
    assert mixing.groups == pytest.approx([1 / 4, 0, 1 / 2, 1 / 4])


@given(seed=seeds)
def test_shares_of_a_row_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    cas = rng.normal(0, 10, (4, 10)).astype(np.float32)
    instances = [
        Instance("abc"[i], s, s + 1) for i, s in enumerate(rng.uniform(0, 5, 3))
    ]
    mixing = measure_mixing([responses(cas, *instances)], CLASSES)
    assert mixing.matrix.sum(axis=1) == pytest.approx(1, rel=1e-5)
    assert mixing.groups.sum() == pytest.approx(1, rel=1e-5)
