import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.grid import SnippetGrid

grids = st.builds(
    SnippetGrid,
    num_frames=st.integers(1, 100_000),
    fps=st.sampled_from([10.0, 24.0, 25.0, 30000 / 1001, 60.0]),
    snippet_frames=st.integers(1, 64),
    stride_frames=st.integers(1, 64),
    start_seconds=st.floats(0, 10),
    tail=st.sampled_from(["pad", "drop"]),
)


@given(grids, st.floats(-10, 10_000))
def test_position_and_seconds_are_inverse(grid, position):
    seconds = grid.position_to_seconds(position)
    assert grid.seconds_to_position(seconds) == pytest.approx(position, abs=1e-6)


@given(grids, st.floats(-10, 10_000), st.integers(1, 1000))
def test_cells_and_seconds_are_inverse(grid, position, cells):
    seconds = grid.position_to_seconds(position, cells)
    assert grid.seconds_to_position(seconds, cells) == pytest.approx(
        position, rel=1e-6, abs=1e-5
    )


@given(grids, st.floats(0, 1e6))
def test_frames_and_seconds_are_inverse(grid, frame):
    assert grid.seconds_to_frame(grid.frame_to_seconds(frame)) == pytest.approx(
        frame, abs=1e-6
    )


@given(grids)
def test_a_snippets_centre_is_the_middle_of_its_interval(grid):
    for snippet in {0, grid.num_snippets // 2, grid.num_snippets - 1}:
        start, end = grid.snippet_interval(snippet)
        middle = grid.position_to_seconds(snippet + 0.5)
        assert middle == pytest.approx((start + end) / 2, abs=1e-9)


@given(grids)
def test_the_time_in_the_middle_of_a_snippet_is_answered_by_it(grid):
    for snippet in {0, grid.num_snippets // 2, grid.num_snippets - 1}:
        assert grid.cell_at(grid.position_to_seconds(snippet + 0.5)) == snippet


@given(grids)
def test_padding_leaves_no_frame_without_a_snippet(grid):
    last = grid.snippet_frame_range(grid.num_snippets - 1)[1]
    if grid.tail == "pad":
        left_out = max(0, grid.stride_frames - grid.snippet_frames)
        assert last + left_out >= grid.num_frames
        assert grid.snippet_frame_range(grid.num_snippets - 1)[0] < grid.num_frames
    else:
        assert last <= grid.num_frames or grid.num_snippets == 1


def test_tail_policies_of_the_worked_example():
    assert SnippetGrid(40).num_snippets == 3
    assert SnippetGrid(40, tail="drop").num_snippets == 2
    assert SnippetGrid(3, tail="drop").num_snippets == 1
    assert SnippetGrid(32).num_snippets == 2
    assert SnippetGrid(33).num_snippets == 3


def test_times_beyond_the_video_go_to_its_ends():
    grid = SnippetGrid(40)
    assert grid.cell_at(-1) == 0
    assert grid.cell_at(99) == 2
    assert grid.cell_at(99, cells=64) == 63


def test_a_padded_tail_is_not_part_of_the_duration():
    assert SnippetGrid(40).end_seconds == 1.6


def test_the_start_moves_all_times():
    grid = SnippetGrid(40, start_seconds=2.0)
    assert grid.snippet_interval(1) == pytest.approx((2.64, 3.28))


@pytest.mark.parametrize("wrong", [{"num_frames": 0}, {"num_frames": 1, "fps": 0.0}])
def test_impossible_grids_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        SnippetGrid(**wrong)
