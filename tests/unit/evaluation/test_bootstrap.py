from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig, evaluate
from pipeline.evaluation.columns import compare
from pipeline.evaluation.matching import RULES, match
from pipeline.evaluation.precision import class_precisions

CONFIG = EvaluateConfig((0.3, 0.7), bootstrap=100)
EVALUATORS = st.sampled_from(["activitynet", "thumos"])


def a_video(seed):
    """Three instances and ten detections, of two classes, at random."""
    rng = np.random.default_rng(seed)
    starts, lengths = rng.integers(0, 30, 13), rng.integers(3, 20, 13)
    spans = [(int(s), int(s + n)) for s, n in zip(starts, lengths, strict=True)]
    labels = rng.choice(["a", "b"], 13)
    scores = rng.random(13)
    truth = [Instance(str(labels[i]), *spans[i]) for i in range(3)]
    found = [Detection(str(labels[i]), scores[i], *spans[i]) for i in range(3, 13)]
    return truth, found


def a_dataset(count, seed=0):
    pairs = {f"video {n}": a_video(100 * seed + n) for n in range(count)}
    truth = {id: truth for id, (truth, _) in pairs.items()}
    return truth, {id: found for id, (_, found) in pairs.items()}


@given(
    st.integers(0, 50),
    st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any),
    EVALUATORS,
)
def test_a_weighted_video_is_that_many_copies_of_it(seed, copies, evaluator):
    truth, found = a_dataset(4, seed)
    classes = sorted({i.label for listed in truth.values() for i in listed})
    comparison = compare(truth, found, classes)
    matches = match(comparison, CONFIG.tiou, RULES[evaluator])
    draw = np.array([copies], dtype=float)
    (precision,) = class_precisions(comparison, matches, draw, "interpolated")
    names = [
        (id, n) for id, times in zip(truth, copies, strict=True) for n in range(times)
    ]
    config = replace(CONFIG, evaluator=evaluator, ap="interpolated", bootstrap=0)
    expected = evaluate(
        {f"{id} {n}": truth[id] for id, n in names},
        {f"{id} {n}": found[id] for id, n in names},
        config,
    ).average_precision
    for label, column in zip(classes, precision.T, strict=True):
        if label in expected:
            np.testing.assert_allclose(column, expected[label])
        else:
            assert np.isnan(column).all()


@given(st.integers(0, 20), EVALUATORS)
def test_intervals_are_repeatable_and_in_order(seed, evaluator):
    truth, found = a_dataset(6, seed)
    config = replace(CONFIG, evaluator=evaluator)
    intervals = evaluate(truth, found, config).to_json()["bootstrap"]
    assert evaluate(truth, found, config).to_json()["bootstrap"] == intervals
    assert intervals["draws"] == 100
    for name, low in intervals["low"].items():
        assert 0 <= low <= intervals["high"][name] <= 100
    assert intervals["average_low"] <= intervals["average_high"]


def test_more_videos_narrow_the_interval():
    def width(count):
        intervals = evaluate(*a_dataset(count), CONFIG).intervals
        return intervals.average_high - intervals.average_low

    assert width(100) < width(10) / 2


def test_videos_that_are_alike_leave_no_doubt():
    truth = {id: [Instance("a", 0, 10)] for id in "vwxyz"}
    found = {id: [Detection("a", 0.5, 0, 10)] for id in "vwxyz"}
    intervals = evaluate(truth, found, CONFIG).intervals
    assert intervals.low.tolist() == intervals.high.tolist() == [1.0, 1.0]


def test_draws_without_an_instance_are_left_out():
    truth = {"v": [Instance("a", 0, 10)], "w": [], "x": []}
    intervals = evaluate(truth, {"v": [Detection("a", 0.5, 0, 10)]}, CONFIG).intervals
    assert (intervals.average_low, intervals.average_high) == (1.0, 1.0)


def test_without_draws_there_are_no_intervals():
    truth, found = a_dataset(2)
    evaluation = evaluate(truth, found, EvaluateConfig((0.5,)))
    assert evaluation.intervals is None
    assert evaluation.to_json()["bootstrap"] is None


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match="bootstrap must be 0 or at least 100"):
        EvaluateConfig(bootstrap=99)
