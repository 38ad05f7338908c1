import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.streams import batches, clips, hof_extractor
from pipeline.grid import SnippetGrid


def numbered(count):
    return [np.full((2, 3, 1), n, np.uint16).astype(np.uint8) for n in range(count)]


@given(
    st.integers(1, 120),
    st.integers(1, 20),
    st.integers(1, 30),
    st.sampled_from(["pad", "drop"]),
)
def test_clips_are_the_snippets_of_the_grid(count, length, stride, tail):
    grid = SnippetGrid(count, 25.0, length, stride, tail=tail)
    cut = [
        clip[:, 0, 0, 0].tolist()
        for clip in clips(numbered(count), length, stride, tail)
    ]
    expected = [
        [min(frame, count - 1) for frame in range(*grid.snippet_frame_range(snippet))]
        for snippet in range(grid.num_snippets)
    ]
    assert cut == expected


def test_no_pictures_give_no_clips():
    assert list(clips([], 16, 16)) == []


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (4, [2, 2]), (5, [2, 2, 1])])
def test_batches_hold_every_clip_once(count, sizes):
    stacked = list(batches(numbered_clips(count), 2))
    assert [len(batch) for batch in stacked] == sizes
    assert [int(v) for b in stacked for v in b[:, 0, 0, 0, 0]] == list(range(count))


def numbered_clips(count):
    return [np.full((4, 2, 3, 1), n, np.uint8) for n in range(count)]


def test_batched_hof_equals_single():
    clip = np.random.default_rng(0).integers(100, 156, (2, 16, 40, 48, 2), np.uint8)
    both = hof_extractor()(clip)
    np.testing.assert_array_equal(both[1], hof_extractor()(clip[1:])[0])
