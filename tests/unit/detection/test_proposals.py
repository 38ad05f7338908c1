from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prediction import Prediction
from pipeline.detection.proposals import (
    DetectConfig,
    contrast,
    detect_actions,
    normalise,
    propose,
    runs,
    select_classes,
    suppress,
    to_seconds,
    upsample,
)
from pipeline.grid import SnippetGrid

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


VARIANTS = [
    DetectConfig(nms=kind, nms_iou=iou, oic_on=on)
    for kind, iou, on in product(
        ["hard", "soft"], ["plus_one_second", "exact"], ["thresholded", "raw"]
    )
]


@pytest.mark.parametrize("config", VARIANTS, ids=str)
@pytest.mark.parametrize("cell", [0, 4, 9])
def test_a_single_cell_of_the_first_class_alone_is_detected(config, cell):
    scores = [0.1, 0.8, 0.1]
    cas = [box(0, 0), box(cell, cell + 1), box(2, 8)]
    for factor in (1, 24):
        chosen = replace(config, upsampling=factor)
        found = detect_actions(prediction(cas, scores), ("a", "b"), GRID, chosen)
        assert {d.label for d in found} == {"a"}
        assert found[0].start_seconds < (cell + 0.5) * 0.64 < found[0].end_seconds


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
    _, scores = propose(cas, 1.0, replace(config, oic_on="raw"))
    np.testing.assert_allclose(scores, [5.0 / 9 + 0.2, 1.0 - 0.2 + 0.2])


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


def contrast_by_loops(sequence, first, last, outer_ratio):
    ring = outer_ratio * (last - first)
    left, right = max(0, int(first - ring)), min(len(sequence), int(last + ring))
    outer = [*sequence[left:first], *sequence[last:right]]
    return np.mean(sequence[first:last]) - (np.mean(outer) if outer else 0)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.floats(0, 0.9),
    st.floats(0, 3),
    st.sampled_from(["thresholded", "raw"]),
)
def test_contrast_is_the_inner_minus_the_outer_mean(values, threshold, ratio, on):
    cas = np.array(values)
    config = DetectConfig(cas_thresholds=(threshold,), outer_ratio=ratio, oic_on=on)
    cells, scores = propose(cas, 0.0, config)
    scored = cas if on == "raw" else np.where(cas > threshold, cas, 0)
    expected = [contrast_by_loops(scored, int(a), int(b), ratio) for a, b in cells]
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    found = contrast(scored, runs(cas > threshold), ratio)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@given(st.integers(1, 400), st.integers(1, 200), st.floats(0, 9), st.data())
def test_seconds_are_those_of_the_grid(frames, count, start, data):
    grid = SnippetGrid(num_frames=frames, start_seconds=start)
    edges = data.draw(st.lists(st.integers(0, count), min_size=2, max_size=2))
    first, last = sorted(edges)
    seconds = to_seconds(np.array([[first, last]], float), grid, count)
    expected = [grid.position_to_seconds(edge, cells=count) for edge in (first, last)]
    expected = np.clip(expected, grid.start_seconds, grid.end_seconds)
    np.testing.assert_allclose(seconds, [expected], atol=1e-9)


def test_what_lies_in_the_padded_tail_is_no_detection():
    grid = SnippetGrid(num_frames=17)  # two snippets, of the second one frame
    tail = prediction([[0.0] * 32, [0.0] * 30 + [1.0, 1.0]], [0.1, 0.9])
    assert detect_actions(tail, ("a",), grid, DetectConfig(upsampling=1)) == []


def test_hard_suppression_drops_what_soft_suppression_weakens():
    segments = np.array([[0.0, 10.0], [0.5, 10.0], [20.0, 30.0]])
    scores = np.array([0.9, 0.8, 0.7])
    hard = DetectConfig(nms_iou="exact")
    kept, left = suppress(segments, scores, hard)
    assert kept.tolist() == [[0, 10], [20, 30]] and left.tolist() == [0.9, 0.7]
    soft = replace(hard, nms="soft")
    kept, left = suppress(segments, scores, soft)
    assert kept.tolist() == [[0, 10], [20, 30], [0.5, 10]]
    assert left[:2].tolist() == [0.9, 0.7] and 0 < left[2] < 0.8
    high = replace(soft, soft_nms_floor=0.5)
    assert suppress(segments, scores, high)[1].tolist() == [0.9, 0.7]


@pytest.mark.parametrize("config", VARIANTS, ids=str)
def test_the_best_proposals_of_the_whole_video_stay(config):
    generator = np.random.default_rng(3)
    busy = prediction(generator.normal(size=(3, 40)), [0.2, 0.4, 0.4])
    everything = detect_actions(busy, ("a", "b"), GRID, config)
    assert len(everything) > 7 and {d.label for d in everything} == {"a", "b"}
    few = replace(config, max_proposals=7)
    assert detect_actions(busy, ("a", "b"), GRID, few) == everything[:7]
    many = replace(config, max_proposals=100_000)
    assert detect_actions(busy, ("a", "b"), GRID, many) == everything


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"upsampling": 0}, "upsampling must be a finite number, at least 1, got 0"),
        ({"cas_thresholds": ()}, "cas_thresholds must not be empty"),
        ({"outer_ratio": -0.1}, "outer_ratio must be a finite number, at least 0"),
        ({"tau_cls": float("nan")}, "tau_cls must be a finite number"),
        ({"nms_threshold": 0.0}, "nms_threshold must be in"),
        ({"soft_nms_sigma": 0.0}, "soft_nms_sigma must be positive, got 0.0"),
        ({"soft_nms_floor": -1.0}, "soft_nms_floor must be a finite number, at least"),
        ({"max_proposals": -1}, "max_proposals must be a finite number, at least 0"),
    ],
)
def test_impossible_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        DetectConfig(**wrong)
