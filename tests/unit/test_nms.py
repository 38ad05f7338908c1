import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intervals import tiou
from pipeline.nms import nms

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
    assert len(nms(np.empty((0, 2)), np.empty(0), 0.5)) == 0


def test_scores_come_out_descending():
    segments = np.array([[0.0, 1.0], [5.0, 6.0], [9.0, 10.0]])
    kept = nms(segments, np.array([0.1, 0.9, 0.5]), 0.5)
    assert kept.tolist() == [1, 2, 0]


def test_one_second_more_suppresses_short_neighbours():
    segments = np.array([[0.0, 0.2], [0.1, 0.3]])
    scores = np.array([1.0, 0.5])
    assert nms(segments, scores, 0.7).tolist() == [0, 1]
    assert nms(segments, scores, 0.7, extra_seconds=1.0).tolist() == [0]
