from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intervals import complement, intersection, tiou, union

times = st.integers(0, 40).map(lambda n: n / 2)
intervals = st.lists(
    st.tuples(times, times).map(lambda pair: (min(pair), max(pair))), max_size=6
)
# Half-open intervals with edges on halves are told apart by quarters between.
PROBES = [n / 2 + 0.25 for n in range(44)]


def covers(found, time):
    return any(start <= time < end for start, end in found)


@given(intervals)
def test_union_covers_the_same_times_with_disjoint_intervals(given):
    merged = union(given)
    assert [covers(merged, t) for t in PROBES] == [covers(given, t) for t in PROBES]
    assert all(a[1] < b[0] for a, b in pairwise(merged))


@given(intervals, intervals)
def test_intersection_covers_what_both_cover(a, b):
    both = intersection(a, b)
    for t in PROBES:
        assert covers(both, t) == (covers(a, t) and covers(b, t))


@given(intervals)
def test_complement_covers_the_rest(given):
    rest = complement(given, (0.0, 15.0))
    for t in PROBES:
        assert covers(rest, t) == (t < 15.0 and not covers(given, t))


def test_tiou_by_hand():
    a = np.array([0.0, 10.0])
    b = np.array([[5.0, 15.0], [10.0, 20.0], [0.0, 10.0], [20.0, 30.0]])
    np.testing.assert_allclose(tiou(a, b), [5 / 15, 0, 1, 0])


def test_plus_one_second_is_added_to_lengths_and_intersection():
    a, b = np.array([0.0, 3.0]), np.array([2.0, 5.0])
    assert tiou(a, b, extra=1.0) == pytest.approx(2 / 6)


def test_intervals_without_length_do_not_overlap():
    assert tiou(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0


@given(intervals.filter(len), intervals.filter(len))
def test_tiou_is_symmetric_and_in_the_unit_interval(a, b):
    left, right = np.array(a, float)[:, None], np.array(b, float)[None, :]
    overlap = tiou(left, right)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    np.testing.assert_allclose(overlap, tiou(right, left))
