import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.detection.nms import nms, soft_nms
from pipeline.intervals import tiou

times = st.floats(0, 100, allow_nan=False)
proposals = st.lists(
    st.tuples(times, st.floats(0.01, 20), st.floats(-1, 1)), max_size=30
)


def arrays(drawn):
    segments = np.array([(s, s + length) for s, length, _ in drawn]).reshape(-1, 2)
    return segments, np.array([score for *_, score in drawn], dtype=float)


@given(proposals, st.floats(0.1, 0.9))
def test_kept_proposals_do_not_overlap_and_dropped_ones_do(drawn, threshold):
    segments, scores = arrays(drawn)
    kept = nms(segments, scores, threshold).tolist()
    for position, index in enumerate(kept):
        better = segments[kept[:position]]
        assert (tiou(segments[index], better) < threshold).all()
    for index in set(range(len(drawn))) - set(kept):
        stronger = [k for k in kept if scores[k] >= scores[index]]
        assert (tiou(segments[index], segments[stronger]) >= threshold).any()


@given(proposals, st.floats(0.1, 0.9))
def test_suppressing_twice_changes_nothing(drawn, threshold):
    segments, scores = arrays(drawn)
    kept = nms(segments, scores, threshold)
    again = nms(segments[kept], scores[kept], threshold)
    np.testing.assert_array_equal(again, np.arange(len(kept)))


def test_nothing_gives_nothing():
    nothing = np.empty((0, 2)), np.empty(0)
    assert len(nms(*nothing, 0.5)) == 0
    assert [len(part) for part in soft_nms(*nothing, 0.3, 0.0)] == [0, 0]


def test_scores_come_out_descending():
    segments = np.array([[0.0, 1.0], [5.0, 6.0], [9.0, 10.0]])
    kept = nms(segments, np.array([0.1, 0.9, 0.5]), 0.5)
    assert kept.tolist() == [1, 2, 0]


def test_one_second_more_suppresses_short_neighbours():
    segments = np.array([[0.0, 0.2], [0.1, 0.3]])
    scores = np.array([1.0, 0.5])
    assert nms(segments, scores, 0.7).tolist() == [0, 1]
    assert nms(segments, scores, 0.7, extra_seconds=1.0).tolist() == [0]


def test_soft_nms_by_hand():
    segments = np.array([[0.0, 2.0], [1.0, 3.0], [10.0, 11.0]])
    kept, scores = soft_nms(segments, np.array([0.9, 0.8, 0.7]), sigma=0.5, floor=0.0)
    # 1 shares 1 s of 3 s with 0; 2 shares nothing and moves up.
    assert kept.tolist() == [0, 2, 1]
    np.testing.assert_allclose(scores, [0.9, 0.7, 0.8 * np.exp(-((1 / 3) ** 2) / 0.5)])


def test_each_of_several_stronger_ones_weakens():
    segments = np.array([[0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    _, scores = soft_nms(segments, np.array([0.9, 0.9, 0.9]), sigma=0.5, floor=0.0)
    np.testing.assert_allclose(scores, [0.9, 0.9 * np.exp(-2), 0.9 * np.exp(-4)])


@given(proposals, st.floats(0.05, 2), st.sampled_from([0.0, 1.0]))
@example([(0.0, 1.0, 1.0), (0.0, 1.0, -5e-324)], 0.05, 0.0)
def test_soft_nms_orders_by_final_score_and_never_raises_one(drawn, sigma, extra):
    segments, scores = arrays(drawn)
    kept, final = soft_nms(segments, scores, sigma, 0.0, extra)
    assert (np.diff(final) <= 0).all()
    assert (final <= scores[kept]).all() and (final >= 0).all()
    assert len(set(kept.tolist())) == len(kept)
    if (scores >= 0).any():
        assert final[0] == scores.max()


@given(proposals, st.floats(0.05, 2), st.floats(0, 0.5))
def test_the_floor_takes_those_that_fall_below_it_and_no_other(drawn, sigma, floor):
    segments, scores = arrays(drawn)
    kept, final = soft_nms(segments, scores, sigma, floor)
    everything, all_final = soft_nms(segments, scores, sigma, 0.0)
    above = all_final >= floor
    np.testing.assert_array_equal(kept, everything[above])
    np.testing.assert_array_equal(final, all_final[above])


def test_scores_that_fall_to_nothing_still_reach_a_floor_of_nothing():
    segments = np.array([[0.0, 2.0], [0.0, 2.0], [0.5, 2.5], [1.0, 3.0]])
    kept, scores = soft_nms(segments, np.array([0.9, 0.8, 0.7, 0.6]), 1e-6, 0.0)
    assert sorted(kept.tolist()) == [0, 1, 2, 3]
    assert scores[0] == 0.9 and (scores[1:] < 1e-300).all()


@given(proposals)
def test_a_narrow_sigma_leaves_alone_what_overlaps_nothing_and_is_hard(drawn):
    segments, scores = arrays(drawn)
    kept, final = soft_nms(segments, scores, 1e-12, 1e-9)
    overlap = tiou(segments[:, None], segments[None])
    np.fill_diagonal(overlap, 0)
    alone = (overlap == 0).all(axis=1) & (scores >= 1e-9)
    assert set(np.flatnonzero(alone)) <= set(kept.tolist())
    # Whoever stays kept its score, but for overlaps too small for any sigma.
    weakened = final < scores[kept]
    assert not weakened[alone[kept]].any()
    for position in np.flatnonzero(~weakened):
        stronger = kept[:position]
        assert (tiou(segments[kept[position]], segments[stronger]) < 1e-5).all()


def test_one_second_more_weakens_close_neighbours():
    segments = np.array([[0.0, 1.0], [1.5, 2.5]])
    scores = np.array([1.0, 0.5])
    assert soft_nms(segments, scores, 0.3, 0.0)[1].tolist() == [1.0, 0.5]
    _, weakened = soft_nms(segments, scores, 0.3, 0.0, extra_seconds=1.0)
    assert weakened[1] == pytest.approx(0.5 * np.exp(-((0.5 / 3.5) ** 2) / 0.3))


def test_five_thousand_proposals_take_less_than_a_second():
    generator = np.random.default_rng(0)
    starts = generator.uniform(0, 3600, 5000)
    segments = np.stack([starts, starts + generator.uniform(0.5, 20, 5000)], axis=1)
    scores = generator.uniform(0, 1, 5000)
    began = time.process_time()  # of this process alone, on however busy a machine
    kept, _ = soft_nms(segments, scores, 0.3, 1e-3)
    assert time.process_time() - began < 1
    assert 0 < len(kept) < 5000
