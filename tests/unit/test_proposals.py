from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.predictor import Prediction
from pipeline.grid import SnippetGrid
from pipeline.proposals import (
    DetectConfig,
    detect_actions,
    normalise,
    propose,
    runs,
    select_classes,
    upsample,
)

GRID = SnippetGrid(num_frames=160)  # 10 snippets, 6.4 s


def prediction(cas, scores):
    return Prediction(np.array(cas, np.float32), np.array(scores, np.float32))


def box(first, last, length=10, height=4.0):
    return [height if first <= i < last else -1.0 for i in range(length)]


def test_a_box_in_the_sequence_is_found_where_it_is():
    found = detect_actions(
        prediction([box(0, 0), box(3, 6)], [0.1, 0.9]), ("wave",), GRID, DetectConfig()
    )
    best = found[0]
    assert best.label == "wave"
    assert best.start_seconds == pytest.approx(3 * 0.64, abs=0.4)
    assert best.end_seconds == pytest.approx(6 * 0.64, abs=0.4)


def test_a_video_whose_only_class_is_the_first_survives():
    scores = np.array([0.05, 0.9, 0.05], np.float32)
    assert select_classes(scores, DetectConfig()) == [1]


def test_the_best_class_stands_in_where_none_passes():
    scores = np.array([0.7, 0.1, 0.2], np.float32)
    assert select_classes(scores, DetectConfig()) == [2]
    assert select_classes(scores, DetectConfig(fallback="none")) == []


def test_background_is_never_localised():
    scores = np.array([0.9, 0.05, 0.05], np.float32)
    assert 0 not in select_classes(scores, DetectConfig())


def test_a_single_cell_is_a_proposal():
    config = DetectConfig(upsampling=1)
    cells, scores = propose(np.array([0.0, 1.0, 0.0]), 0.5, config)
    assert (cells == [1, 2]).all() and len(cells) == len(config.cas_thresholds)
    assert scores[0] == pytest.approx(1.0 + 0.2 * 0.5)


def test_inner_outer_contrast_by_hand():
    cas = np.array([0.2, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0, 1.0, 0.2, 0.0])
    config = DetectConfig(cas_thresholds=(0.1, 0.5))
    cells, scores = propose(cas, 1.0, config)
    assert cells.tolist() == [[0, 9], [4, 8]]
    # Over .1: one ring cell, silent. Over .5 the ring is silenced by the threshold.
    np.testing.assert_allclose(scores, [5.0 / 9 + 0.2, 1.0 + 0.2])


def test_a_proposal_that_fills_the_video_has_no_ring():
    cells, scores = propose(np.ones(4), 0.0, DetectConfig(cas_thresholds=(0.5,)))
    assert cells.tolist() == [[0, 4]]
    assert scores.tolist() == [1.0]


def test_negative_activations_are_cut_unless_all_are_negative():
    np.testing.assert_allclose(normalise(np.array([-5.0, 0.0, 2.0])), [0, 0, 1])
    np.testing.assert_allclose(normalise(np.array([-5.0, -3.0, -1.0])), [0, 0.5, 1])
    np.testing.assert_allclose(normalise(np.array([-1.0, -1.0])), [0, 0])


@given(st.lists(st.booleans(), max_size=40))
def test_runs_put_together_give_the_mask(mask):
    above = np.array(mask, dtype=bool)
    rebuilt = np.zeros_like(above)
    found = list(runs(above))
    for first, last in found:
        assert first < last
        rebuilt[first:last] = True
    assert (rebuilt == above).all()
    assert all(a[1] < b[0] for a, b in pairwise(found))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=20), st.integers(1, 30))
def test_upsampling_keeps_the_range_and_the_middle(values, factor):
    cas = np.array(values)
    fine = upsample(cas, factor)
    assert len(fine) == factor * len(cas)
    assert fine.min() >= cas.min() - 1e-12 and fine.max() <= cas.max() + 1e-12
    if factor % 2:
        np.testing.assert_allclose(fine[factor // 2 :: factor], cas, atol=1e-12)


@given(
    st.lists(st.floats(-3, 3, width=32), min_size=12, max_size=12),
    st.integers(1, 200),
    st.floats(0, 3),
)
def test_detections_lie_in_the_video_and_stand_by_score(values, frames, start):
    grid = SnippetGrid(num_frames=frames, start_seconds=start)
    found = detect_actions(
        prediction(np.reshape(values, (2, 6)), [0.5, 0.5]), ("a",), grid, DetectConfig()
    )
    for d in found:
        assert grid.start_seconds <= d.start_seconds <= d.end_seconds
        assert d.end_seconds <= grid.end_seconds
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)


def test_a_constant_sequence_gives_nothing():
    flat = prediction([[0.0] * 6, [1.0] * 6], [0.1, 0.9])
    assert detect_actions(flat, ("a",), GRID, DetectConfig()) == []
