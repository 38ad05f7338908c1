import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.datasets import Point
from pipeline.grid import SnippetGrid
from pipeline.points.suggestion import MEASURES, SuggestConfig, probabilities, suggest

GRID = SnippetGrid(num_frames=400)  # 16 s, 25 snippets
SEQUENCES = arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(2, 4), st.integers(1, 40)),
    elements=st.floats(-(2.0**99), 2.0**99, width=32),
)
GRIDS = st.builds(
    SnippetGrid,
    num_frames=st.integers(1, 2000),
    fps=st.floats(5, 60),
    stride_frames=st.integers(1, 32),
    start_seconds=st.floats(0, 2),
)
CONFIGS = st.builds(
    SuggestConfig,
    measure=st.sampled_from(sorted(MEASURES)),
    count=st.integers(0, 6),
    spacing_seconds=st.floats(0, 5),
)
CLICKS = st.lists(st.builds(Point, st.floats(0, 100), st.just("jump")), max_size=5)


@given(SEQUENCES, GRIDS, CLICKS, CONFIGS)
def test_suggestions_lie_in_the_video_apart_and_by_value(
    sequences, grid, points, config
):
    found = suggest(sequences, grid, points, config)
    assert len(found) <= config.count
    assert found == suggest(sequences, grid, points, config)
    values = [s.value for s in found]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= 1 for value in values)
    seconds = [s.seconds for s in found]
    assert all(grid.start_seconds <= s < grid.end_seconds for s in seconds)
    assert len(set(seconds)) == len(seconds)
    for i, one in enumerate(seconds):
        others = seconds[:i] + [point.seconds for point in points]
        assert all(abs(one - other) >= config.spacing_seconds for other in others)


def sequence(*rows):
    return np.array(rows, dtype=np.float32)


def first_cell(sequences, measure, points=()):
    config = SuggestConfig(measure=measure, count=1)
    found = suggest(sequences, GRID, points, config)
    return GRID.cell_at(found[0].seconds, sequences.shape[-1])


def test_networks_that_differ_in_one_cell_disagree_there():
    a = sequence([4, 4, 4, 4], [0, 0, 0, 0])
    b = sequence([4, 4, 0, 4], [0, 0, 4, 0])
    assert first_cell(np.stack([a, b]), "disagreement") == 2
    one = MEASURES["disagreement"].of(probabilities(a[None]))
    assert one.tolist() == [0, 0, 0, 0]


def test_each_measure_finds_what_it_is_named_for():
    # Background; sure action; one of two actions; background or the first; anything.
    cas = sequence([9, 0, 0, 6, 0], [0, 9, 6, 6, 0], [0, 0, 6, 0, 0])[None]
    assert first_cell(cas, "confident") == 1
    assert first_cell(cas, "borderline") == 3
    assert first_cell(cas, "entropy") == 4
    assert first_cell(cas, "margin") in (2, 3, 4)


def test_confident_goes_from_peak_to_peak():
    cas = sequence([0, 0, 0, 9, 0, 9], [5, 6, 5, 0, 2, 0])[None]
    config = SuggestConfig(measure="confident", count=3)
    cells = [GRID.cell_at(s.seconds, 6) for s in suggest(cas, GRID, (), config)]
    assert cells[:2] == [1, 4]


def test_a_click_moves_the_suggestion_elsewhere():
    cas = sequence([0, 9, 0, 9], [3, 0, 1, 0])[None]
    assert first_cell(cas, "confident") == 0
    clicked = [Point(GRID.position_to_seconds(0.5, 4), "jump")]
    assert first_cell(cas, "confident", clicked) == 2


def test_a_video_of_one_frame_has_one_moment():
    grid = SnippetGrid(num_frames=1)
    found = suggest(np.zeros((2, 3, 8), np.float32), grid, (), SuggestConfig())
    assert [s.seconds for s in found] == [0.02]


def test_a_negative_spacing_is_refused():
    with pytest.raises(ValueError, match="spacing_seconds"):
        SuggestConfig(spacing_seconds=-1.0)
