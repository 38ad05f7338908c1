"""Simulated annotation: where the next click falls without a model."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance, Point, Video
from pipeline.experiments.active_learning import (
    answer,
    click,
    draw_from_segment,
    draw_moment,
    middle_of_longest_gap,
)
from pipeline.grid import SnippetGrid
from pipeline.training.samples import TrainingVideo

GRID = SnippetGrid(num_frames=250, start_seconds=1.0)  # 1 to 11 s
TRUTH = Video(
    "v", "train", Path("v.mp4"), ("a", "b"), (Instance("a", 2, 4), Instance("b", 3, 6))
)
VIDEO = TrainingVideo(np.zeros((16, 2), np.float32), GRID, ("a", "b"), [], "v")


def test_ground_truth_answers_with_all_that_is_seen():
    assert answer(TRUTH, 3.5) == [Point(3.5, "a"), Point(3.5, "b")]
    assert answer(TRUTH, 6.0) == [Point(6.0, "background")]
    assert answer(TRUTH, None) == []


def test_a_round_adds_its_click_to_those_before():
    before = {
        "clicks": {"v": [{"seconds": 2.5, "label": "a"}]},
        "next": {"even": {"v": 7.0}},
    }
    assert click(VIDEO, TRUTH, before, "even", 0).points == [
        Point(2.5, "a"),
        Point(7.0, "background"),
    ]
    first = click(VIDEO, TRUTH, None, "", 0)
    assert first == click(VIDEO, TRUTH, None, "", 0)
    assert first.points[0].seconds != click(VIDEO, TRUTH, None, "", 1).points[0].seconds


@given(st.integers(0, 2**32), st.text())
def test_drawn_moments_lie_in_the_video(seed, name):
    assert GRID.start_seconds <= draw_moment(GRID, seed, name) < GRID.end_seconds


def test_gaps_are_halved_from_the_longest():
    points = []
    for _ in range(3):
        points.append(Point(middle_of_longest_gap(GRID, points), "a"))
    assert [point.seconds for point in points] == pytest.approx([6, 3.5, 8.5])


def test_an_annotator_clicks_each_segment_once():
    video = VIDEO
    for _ in range(4):
        moment = draw_from_segment(TRUTH, video, seed=0)
        more = [*video.points, *answer(TRUTH, moment)]
        video = TrainingVideo(video.features, GRID, video.labels, more, "v")
    # Two actions, what lies before and what lies after; then nothing is left.
    assert moment is not None and draw_from_segment(TRUTH, video, seed=0) is None
    assert {point.label for point in video.points} == {"a", "b", "background"}
