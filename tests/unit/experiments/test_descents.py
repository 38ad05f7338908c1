"""Descents on seven Gaussians (Fig. 11), on small surfaces whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.experiments.figures.descents import (
    DESCENT,
    Rate,
    descend,
    draw_starts,
    mean_and_error,
    pull_slope,
    success_rates,
)
from pipeline.experiments.figures.seven_gaussians import choose_start, try_surface
from pipeline.experiments.figures.wells import (
    SURFACE,
    Wells,
    draw_wells,
)

seeds = st.integers(0, 2**32)


def one_well(depth=1.0, width=1.0):
    return Wells(np.zeros((1, 2)), np.array([depth]), np.array([width]))


def test_a_lone_well_by_hand():
    wells, positions = one_well(2.0, 0.5), np.array([[0.0, 0.0], [0.5, 0.0]])
    assert wells.loss(positions) == pytest.approx([-2, -2 * math.exp(-0.5)])
    slope = wells.slope(positions)
    assert slope[0] == pytest.approx([0, 0])
    assert slope[1] == pytest.approx([2 * math.exp(-0.5) * 0.5 / 0.25, 0])


@given(seed=seeds)
def test_the_slope_is_the_loss_s_derivative(seed):
    wells = draw_wells(seed)
    position = np.random.default_rng(seed).uniform(-3, 3, 2)
    steps = 1e-5 * np.eye(2)
    rise = wells.loss(position + steps) - wells.loss(position - steps)
    assert wells.slope(position) == pytest.approx(rise / 2e-5, abs=1e-6)


@given(seed=seeds)
def test_a_surface_keeps_to_its_ranges(seed):
    wells = draw_wells(seed)
    assert sorted(wells.depths) == pytest.approx(np.linspace(0.4, 1, 7))
    assert (wells.widths >= 0.5).all() and (wells.widths <= 1).all()
    assert (np.abs(wells.centres) <= 3).all()
    apart = np.linalg.norm(wells.centres[:, None] - wells.centres, axis=-1)
    assert apart[~np.eye(7, dtype=bool)].min() >= SURFACE.least_distance


def test_no_start_lies_below_the_lowest_point():
    wells = draw_wells(3)
    starts = draw_starts(np.random.default_rng(0), 1000)
    lowest = wells.loss(wells.lowest_point[None])
    assert (wells.loss(starts) > lowest - 1e-3).all()


def test_the_pull_by_hand():
    positions = np.array([[[0.0, 0.0]], [[1.0, -2.0]], [[3.0, 0.0]]])
    # Of |x_1 - x_m| in each coordinate, summed, over M - 1 = 2.
    expected = [[[-1.0, 0.5]], [[0.5, -0.5]], [[0.5, 0.0]]]
    assert pull_slope(positions).tolist() == expected
    assert pull_slope(positions[:1]).tolist() == [[[0, 0]]]


@given(seed=seeds, count=st.integers(1, 5))
def test_a_descent_alone_ends_no_higher_than_it_starts(seed, count):
    wells = draw_wells(seed)
    starts = draw_starts(np.random.default_rng(seed), 20)[:count]
    paths = descend(wells, starts, replace(DESCENT, pull_weight=0.0))
    assert (paths[0] == starts).all()
    assert (wells.loss(paths[-1]) <= wells.loss(starts)).all()


def whole_loss(wells, positions):
    """What all descents of a run go down together, by its formula."""
    apart = np.abs(positions[0] - positions[1:]).sum(axis=-1).mean(axis=0)
    return wells.loss(positions).sum(axis=0) + DESCENT.pull_weight * apart


@given(seed=seeds, count=st.integers(2, 5))
def test_descents_together_end_no_higher_than_they_start(seed, count):
    wells = draw_wells(seed)
    starts = draw_starts(np.random.default_rng(seed), 20)[:count]
    ends = descend(wells, starts)[-1]
    assert (whole_loss(wells, ends) <= whole_loss(wells, starts) + 1e-9).all()


def test_in_a_lone_well_every_descent_succeeds_where_it_slopes():
    starts = np.array([[[1.0, 0.5], [-1.0, 1.0]], [[0.0, -1.0], [1.0, 1.0]]])
    rates = success_rates(one_well(), starts)
    assert [(r.descents, r.successes, r.starts) for r in rates] == [
        (1, 2, 2),
        (2, 2, 2),
    ]


def test_a_deep_well_pulls_a_descent_out_of_a_shallow_one():
    # The shallow well's steepest slope is .3 e^-.5 / .5 = .36, less than the pull.
    centres = np.array([[-1.5, 0.0], [1.5, 0.0]])
    wells = Wells(centres, np.array([0.3, 1.0]), np.array([0.5, 0.8]))
    starts = np.array([[[-1.5, 0.0]], [[1.5, 0.0]]])
    rates = success_rates(wells, starts)
    assert [rate.successes for rate in rates] == [0, 1]


def alone(wells, starts):
    """One run of few lines: no arrays over runs, wells or descents."""
    positions = [np.array(start) for start in starts]
    velocities = [np.zeros(2) for _ in starts]
    others = max(len(starts) - 1, 1)
    for _ in range(DESCENT.steps):
        slopes = []
        for m, x in enumerate(positions):
            slope = np.zeros(2)
            for centre, depth, width in zip(
                wells.centres, wells.depths, wells.widths, strict=True
            ):
                value = depth * math.exp(-((x - centre) ** 2).sum() / (2 * width**2))
                slope += value * (x - centre) / width**2
            pulled_by = positions[1:] if m == 0 else positions[:1]
            for other in pulled_by:
                slope += DESCENT.pull_weight * np.sign(x - other) / others
            slopes.append(slope)
        for m, slope in enumerate(slopes):
            velocities[m] = DESCENT.momentum * velocities[m] + slope
            positions[m] = positions[m] - DESCENT.rate * velocities[m]
    return positions[0]


def test_success_rates_are_those_of_runs_one_by_one():
    count = 6
    wells, starts, rates = try_surface(5, count)
    lowest = wells.lowest_point
    for rate in rates:
        ends = [alone(wells, starts[: rate.descents, run]) for run in range(count)]
        found = [math.dist(end, lowest) < DESCENT.success_radius for end in ends]
        assert (rate.successes, rate.starts) == (sum(found), count)
        assert rate.mean_loss == pytest.approx(wells.loss(np.array(ends)).mean())


def test_the_start_that_is_shown_fails_alone_and_succeeds_together():
    wells, starts, _ = try_surface(0, 100)
    shown = starts[:, [choose_start(wells, starts)]]
    rates = success_rates(wells, shown)
    assert [rate.successes for rate in rates[:3]] == [0, 1, 1]


def test_wilson_s_interval_of_a_textbook_example():
    low, high = Rate(1, 81, 263, 0.0).interval  # Newcombe 1998, Table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert Rate(1, 0, 20, 0.0).interval[0] == pytest.approx(0, abs=1e-12)


def test_mean_and_error_over_surfaces_by_hand():
    mean, error = mean_and_error(np.array([[0.1, 0.5], [0.3, 0.5]]))
    assert mean == pytest.approx([0.2, 0.5])
    assert error == pytest.approx([0.1, 0])
