"""Each figure's computation on small data whose answer is known, and all as files."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.config import TrainConfig
from models.fit import Samples, fit
from pipeline.config import make_config
from pipeline.datasets import BACKGROUND, Instance, Video
from pipeline.detections import Detection
from pipeline.evaluation import EvaluateConfig
from pipeline.experiments.config import FIGURE_NUMBERS
from pipeline.experiments.figures import make_figure
from pipeline.experiments.figures.concentration import (
    Example,
    effective_share,
    trace_training,
)
from pipeline.experiments.figures.descents import (
    DescentConfig,
    Rate,
    descend,
    draw_starts,
    mean_and_error,
    pull_slope,
    success_rates,
)
from pipeline.experiments.figures.lambdas import draw_lambdas
from pipeline.experiments.figures.localizations import localize_class, video_map
from pipeline.experiments.figures.mixing import GROUPS, measure_mixing
from pipeline.experiments.figures.rows import VideoResponses
from pipeline.experiments.figures.sequence_panels import (
    LONGEST_SECONDS,
    Curve,
    Panel,
    choose_window,
    draw_panels,
)
from pipeline.experiments.figures.sequences import choose_videos
from pipeline.experiments.figures.seven_gaussians import (
    choose_start,
    try_surface,
)
from pipeline.experiments.figures.sheet import save_sheet
from pipeline.experiments.figures.wells import (
    SurfaceConfig,
    Wells,
    draw_wells,
    lowest_point,
)
from pipeline.experiments.summary import Figures, SummaryRow
from pipeline.fanout import Resources
from pipeline.grid import SnippetGrid
from pipeline.run import Run
from pipeline.stages import run_stage
from pipeline.storage import read_json
from tests.dataset_maker import make_dataset

SURFACE, DESCENT = SurfaceConfig(), DescentConfig()
CPU = torch.device("cpu")
GRID = SnippetGrid(num_frames=160)  # 10 snippets of .64 s
CLASSES = (BACKGROUND, "a", "b", "c")
seeds = st.integers(0, 2**32)


# The surface and the descents on it.


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
    wells = draw_wells(seed, SURFACE)
    position = np.random.default_rng(seed).uniform(-3, 3, 2)
    steps = 1e-5 * np.eye(2)
    rise = wells.loss(position + steps) - wells.loss(position - steps)
    assert wells.slope(position) == pytest.approx(rise / 2e-5, abs=1e-6)


@given(seed=seeds)
def test_a_surface_keeps_to_its_ranges(seed):
    wells = draw_wells(seed, SURFACE)
    assert sorted(wells.depths) == pytest.approx(np.linspace(0.4, 1, 7))
    assert (wells.widths >= 0.5).all() and (wells.widths <= 1).all()
    assert (np.abs(wells.centres) <= 3).all()
    apart = np.linalg.norm(wells.centres[:, None] - wells.centres, axis=-1)
    assert apart[~np.eye(7, dtype=bool)].min() >= SURFACE.least_distance


def test_no_start_lies_below_the_lowest_point():
    wells = draw_wells(3, SURFACE)
    starts = draw_starts(np.random.default_rng(0), 1000, SURFACE)
    lowest = wells.loss(lowest_point(wells, SURFACE)[None])
    assert (wells.loss(starts) > lowest - 1e-3).all()


def test_the_pull_by_hand():
    positions = np.array([[[0.0, 0.0]], [[1.0, -2.0]], [[3.0, 0.0]]])
    # Of |x_1 - x_m| in each coordinate, summed, over M - 1 = 2.
    expected = [[[-1.0, 0.5]], [[0.5, -0.5]], [[0.5, 0.0]]]
    assert pull_slope(positions).tolist() == expected
    assert pull_slope(positions[:1]).tolist() == [[[0, 0]]]


@given(seed=seeds, count=st.integers(1, 5))
def test_a_descent_alone_ends_no_higher_than_it_starts(seed, count):
    wells = draw_wells(seed, SURFACE)
    starts = draw_starts(np.random.default_rng(seed), 20, SURFACE)[:count]
    paths = descend(wells, starts, replace(DESCENT, pull_weight=0.0))
    assert (paths[0] == starts).all()
    assert (wells.loss(paths[-1]) <= wells.loss(starts)).all()


def whole_loss(wells, positions):
    """What all descents of a run go down together, by its formula."""
    apart = np.abs(positions[0] - positions[1:]).sum(axis=-1).mean(axis=0)
    return wells.loss(positions).sum(axis=0) + DESCENT.pull_weight * apart


@given(seed=seeds, count=st.integers(2, 5))
def test_descents_together_end_no_higher_than_they_start(seed, count):
    wells = draw_wells(seed, SURFACE)
    starts = draw_starts(np.random.default_rng(seed), 20, SURFACE)[:count]
    ends = descend(wells, starts, DESCENT)[-1]
    assert (whole_loss(wells, ends) <= whole_loss(wells, starts) + 1e-9).all()


def test_in_a_lone_well_every_descent_succeeds_where_it_slopes():
    starts = np.array([[[1.0, 0.5], [-1.0, 1.0]], [[0.0, -1.0], [1.0, 1.0]]])
    rates = success_rates(one_well(), starts, SURFACE, DESCENT)
    assert [(r.descents, r.successes, r.starts) for r in rates] == [
        (1, 2, 2),
        (2, 2, 2),
    ]


def test_a_deep_well_pulls_a_descent_out_of_a_shallow_one():
    # The shallow well's steepest slope is .3 e^-.5 / .5 = .36, less than the pull.
    centres = np.array([[-1.5, 0.0], [1.5, 0.0]])
    wells = Wells(centres, np.array([0.3, 1.0]), np.array([0.5, 0.8]))
    starts = np.array([[[-1.5, 0.0]], [[1.5, 0.0]]])
    rates = success_rates(wells, starts, SURFACE, DESCENT)
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
    wells, starts, rates = try_surface(5, count, SURFACE, DESCENT)
    lowest = lowest_point(wells, SURFACE)
    for rate in rates:
        ends = [alone(wells, starts[: rate.descents, run]) for run in range(count)]
        found = [math.dist(end, lowest) < DESCENT.success_radius for end in ends]
        assert (rate.successes, rate.starts) == (sum(found), count)
        assert rate.mean_loss == pytest.approx(wells.loss(np.array(ends)).mean())


def test_the_start_that_is_shown_fails_alone_and_succeeds_together():
    wells, starts, _ = try_surface(0, 100, SURFACE, DESCENT)
    shown = starts[:, [choose_start(wells, starts, SURFACE, DESCENT)]]
    rates = success_rates(wells, shown, SURFACE, DESCENT)
    assert [rate.successes for rate in rates[:3]] == [0, 1, 1]


def test_wilson_s_interval_of_a_textbook_example():
    low, high = Rate(1, 81, 263, 0.0).interval  # Newcombe 1998, Table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert Rate(1, 0, 20, 0.0).interval[0] == pytest.approx(0, abs=1e-12)


def test_mean_and_error_over_surfaces_by_hand():
    mean, error = mean_and_error(np.array([[0.1, 0.5], [0.3, 0.5]]))
    assert mean == pytest.approx([0.2, 0.5])
    assert error == pytest.approx([0.1, 0])


# The temporal softmax.


def test_the_effective_share_by_hand():
    weights = torch.tensor(
        [[0.25] * 4, [0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.75, 0.0, 0.0]]
    )
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    expected = [1, 0.5, 0.25, math.exp(entropy) / 4]
    assert effective_share(weights).tolist() == pytest.approx(expected)


@given(seed=seeds, scale=st.floats(0, 100))
def test_the_effective_share_is_above_0_and_at_most_1(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    weights = (scale * torch.randn(3, 8, generator=generator)).softmax(dim=-1)
    share = effective_share(weights)
    assert (share > 0.99 / 8).all() and (share <= 1).all()


TINY = TrainConfig(
    cells=12, hidden=16, dropout=0.0, epochs=30, batch_size=2, learning_rate=0.01
)


def samples():
    """Three videos, of which the third has both classes; each is seen in two cells."""
    generator = torch.Generator().manual_seed(0)
    features = 0.3 * torch.randn(3, 6, 12, generator=generator)
    features[0, 0, 2:4] += 3
    features[1, 1, 5:7] += 3
    features[2, 0, 8:10] += 3
    features[2, 1, 1:3] += 3
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return Samples(features, labels, torch.zeros(3, 3, 12))


def trace(**changes):
    example = Example(video=2, label=1, epochs=[1, 30])
    return trace_training(samples(), replace(TINY, **changes), CPU, example)


def test_a_trace_has_an_entry_before_and_after_each_epoch():
    seen = trace()
    for entries in (seen.effective_shares, seen.largest_weights):
        assert len(entries) == 31
        for entry in entries:
            low, median, high = entry["quartiles"]
            assert 0 < low <= median <= high <= 1
            assert 0 < entry["mean"] <= 1
    assert list(seen.example) == [1, 30]
    assert all(sum(w) == pytest.approx(1, abs=1e-4) for w in seen.example.values())


def test_the_temporal_softmax_concentrates_as_it_is_trained_and_on_the_action():
    seen = trace(aggregation="temporal_softmax")
    first, last = (seen.effective_shares[epoch]["mean"] for epoch in (0, -1))
    assert last < 0.5 * first
    assert np.argmax(seen.example[30]) in (1, 2)


def test_the_last_entry_is_that_of_the_trained_model_and_looking_changes_nothing():
    seen = trace(networks=2)
    model, _ = fit(samples(), replace(TINY, networks=2), CPU)
    with torch.no_grad():
        weights = model.master(samples().features)[:, 1:].softmax(dim=-1)
    largest = weights[samples().labels > 0].amax(dim=-1).numpy()
    assert seen.largest_weights[-1]["mean"] == pytest.approx(largest.mean(), rel=1e-5)
    assert seen.example[30] == pytest.approx(weights[2, 1].tolist(), abs=1e-6)


# The category softmax.


def responses(cas, *instances, id="v"):
    labels = tuple(sorted({instance.label for instance in instances}))
    video = Video(id, "test", Path(f"{id}.mp4"), labels, instances)
    cells = cas.shape[1]
    seconds = [GRID.position_to_seconds(cell + 0.5, cells) for cell in range(cells)]
    return VideoResponses(video, GRID, CLASSES, cas, np.array(seconds))


def test_mixing_by_hand():
    cas = np.zeros((4, 10), dtype=np.float32)
    cas[1, :5] = math.log(3)  # a has a half of cells 0 to 4, a quarter of the others
    found = responses(cas, Instance("a", 0.0, 3.0), Instance("b", 3.3, 6.3))
    mixing = measure_mixing([found], CLASSES)
    assert (mixing.classes, mixing.categories) == (("a", "b"), CLASSES)
    assert mixing.matrix[0] == pytest.approx([1 / 6, 1 / 2, 1 / 6, 1 / 6])
    assert mixing.matrix[1] == pytest.approx([1 / 4] * 4)
    # Of 5 cells of a and 5 of b: own, other present, absent (c), background.
    expected = [(1 / 2 + 1 / 4) / 2, (1 / 6 + 1 / 4) / 2, *[(1 / 6 + 1 / 4) / 2] * 2]
    assert mixing.groups == pytest.approx(expected)
    assert len(GROUPS) == len(mixing.groups)


def test_an_instance_shorter_than_a_cell_counts_and_one_of_no_class_does_not():
    cas = np.zeros((4, 10), dtype=np.float32)
    short, other = Instance("c", 0.7, 0.71), Instance("Ambiguous", 2.0, 4.0)
    mixing = measure_mixing([responses(cas, short, other)], CLASSES)
    assert mixing.classes == ("c",)
    assert mixing.groups == pytest.approx([1 / 4, 0, 1 / 2, 1 / 4])


@given(seed=seeds)
def test_shares_of_a_row_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    cas = rng.normal(0, 10, (4, 10)).astype(np.float32)
    instances = [
        Instance("abc"[i], s, s + 1) for i, s in enumerate(rng.uniform(0, 5, 3))
    ]
    mixing = measure_mixing([responses(cas, *instances)], CLASSES)
    assert mixing.matrix.sum(axis=1) == pytest.approx(1, rel=1e-5)
    assert mixing.groups.sum() == pytest.approx(1, rel=1e-5)


# Sequences against ground truth.

EVALUATE = EvaluateConfig(tiou=(0.5,))


def test_instances_are_judged_by_the_best_detection_that_overlaps_them():
    instances = [
        Instance("a", start, start + 10.0) for start in (0.0, 20.0, 50.0, 80.0)
    ]
    found = responses(np.zeros((4, 10), dtype=np.float32), *instances).video
    detections = [
        Detection("b", 0.9, 80.0, 90.0),
        Detection("a", 0.8, 0.0, 30.0),
        Detection("a", 0.7, 50.0, 60.0),
        Detection("a", 0.6, 20.0, 30.0),
    ]
    localization = localize_class(found, "a", detections, EVALUATE)
    assert localization.states == ("joint", "joint", "well", "missed")
    assert localization.judged_by == ((0.0, 30.0), (0.0, 30.0), (50.0, 60.0), None)
    # Of four instances three are found, by detections 2, 3 and (the last) 4.
    assert 0 < video_map(found, detections, EVALUATE) < 100
    assert video_map(found, [], EVALUATE) == 0


def test_the_videos_shown_gain_most_and_one_loses_most():
    gains = {"a": 0, "b": 5, "c": -3, "d": 9, "e": 2, "f": 1}
    maps = {id: {"baseline": 50.0, "SODA": 50.0 + gain} for id, gain in gains.items()}
    assert choose_videos(maps) == ["d", "b", "e", "c"]
    assert choose_videos({"a": maps["a"]}) == ["a"]


def panel(seconds, instances, *states):
    """A panel whose rows have localized the instances so."""
    found = responses(np.zeros((4, 10), dtype=np.float32), *instances).video
    localization = localize_class(found, "a", [], EVALUATE)
    ticks = np.arange(0.5, seconds)
    curves = {
        f"row {place}": Curve(
            ticks, np.abs(np.sin(ticks)), replace(localization, states=of_row)
        )
        for place, of_row in enumerate(states)
    }
    return Panel("v", "a", dict.fromkeys(curves, 50.0), curves)


def test_of_a_long_video_the_part_is_shown_where_the_rows_differ():
    instances = [Instance("a", s, s + 5.0) for s in (10.0, 20.0, 30.0, 500.0, 900.0)]
    first = ("well", "well", "well", "over", "under")
    second = ("well", "well", "well", "well", "under")
    start, end = choose_window(panel(1000, instances, first, second))
    assert (start, end) == (495.0, 495.0 + LONGEST_SECONDS)
    assert choose_window(panel(1000, instances, first, first))[0] == 5.0
    assert choose_window(panel(600, instances, first, second)) == (449.5, 599.5)
    assert choose_window(panel(100, instances[:3], first[:3], first[:3])) == (0.5, 99.5)


# Files.


def sheets():
    instances = [Instance("a", 10.0, 15.0), Instance("a", 20.0, 25.0)]
    shown = panel(60, instances, ("well", "over"), ("joint", "missed"))
    rows = [
        SummaryRow(f"{weight:g}", Figures((30.0, 31.0)), Figures((20.0, 22.0)), None)
        for weight in (0.0, 0.6)
    ]
    without = [replace(row, at_half=None) for row in rows]
    return {
        "panels": lambda: draw_panels([shown, shown]),
        "lambdas": lambda: draw_lambdas(rows),
        "averages": lambda: draw_lambdas(without),
    }


@pytest.mark.parametrize("name", sheets())
def test_files_are_the_same_whenever_they_are_made(name, tmp_path):
    for folder in ("first", "second"):
        save_sheet(sheets()[name](), tmp_path / folder, name)
    for suffix, magic in (("pdf", b"%PDF"), ("png", b"\x89PNG")):
        first, second = (
            (tmp_path / folder / f"{name}.{suffix}").read_bytes()
            for folder in ("first", "second")
        )
        assert first == second and first.startswith(magic)
        assert b"CreationDate" not in first and b"matplotlib" not in first.lower()


QUICK = {
    "decode": {"short_side": 64},
    "flow": {"algorithm": "farneback"},
    "features": {"streams": "flow", "flow_features": "hof"},
    "points": {"gap_seconds": 0.0},
    "train": {"cells": 16, "hidden": 32, "epochs": 5, "learning_rate": 2e-3},
    "experiment": {"seeds": 1},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on tiny videos whose features are there."""
    folder = tmp_path_factory.mktemp("world")
    config = make_config("soda", QUICK)
    manifest = make_dataset(folder / "data")
    made = Run(str(manifest), config, folder, device="cpu", resources=Resources(jobs=2))
    for stage in (*made.caches, "features"):
        run_stage(made, stage)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("number", FIGURE_NUMBERS)
def test_a_figure_is_written_with_its_numbers_and_each_time_the_same(run, number):
    outcome = make_figure(run, number)
    files = [run.folder("experiment") / name for name in outcome.result["files"]]
    assert [path.name for path in files] == [
        f"figure-{number}.{suffix}" for suffix in ("pdf", "png", "json")
    ]
    before = [path.read_bytes() for path in files]
    assert all(len(content) > 500 for content in before)
    numbers = read_json(files[-1])
    assert f"Fig. {number}" in numbers["title"]
    CHECKS[number](numbers)
    make_figure(run, number)
    assert [path.read_bytes() for path in files] == before


def check_sequences(numbers):
    assert set(numbers["video_maps"]) == {"test 4", "test 5"}
    assert [set(shown["rows"]) for shown in numbers["shown"]] == [
        {"baseline", "SODA"}
    ] * 2
    for shown in numbers["shown"]:
        for row in shown["rows"].values():
            assert len(row["responses"]) == len(row["cell_seconds"]) == 16
            assert (min(row["responses"]), max(row["responses"])) == (0, 1)
            assert len(row["states"]) == len(row["instances"]) == 1


def check_temporal_softmax(numbers):
    assert set(numbers["traces"]) == {"temporal softmax", "top-k mean"}
    for trace in numbers["traces"].values():
        assert len(trace["effective_shares"]) == 6
        assert all(0 < share["mean"] <= 1 for share in trace["effective_shares"])
        assert list(trace["example"]) == ["1", "5"]
    assert numbers["example"]["class"] in ("right", "down")


def check_category_softmax(numbers):
    for label in ("top-k mean", "category softmax"):
        shares = numbers[label]
        assert sum(shares["groups"].values()) == pytest.approx(1, abs=1e-5)
        assert np.sum(shares["matrix"], axis=1) == pytest.approx(1, abs=1e-5)
        assert shares["groups"]["other present"] == 0  # videos have one class each


def check_seven_gaussians(numbers):
    assert [rate["descents"] for rate in numbers["rates"]] == [1, 2, 3, 4, 5]
    for rate in numbers["rates"]:
        low, high = rate["interval_95"]
        assert 0 < low < rate["rate"] == rate["successes"] / rate["starts"] < high < 1
    assert numbers["rates"][0]["starts"] == 1000
    wells = Wells(
        *(np.array(numbers["wells"][n]) for n in ("centres", "depths", "widths"))
    )
    lowest = wells.loss(np.array([numbers["wells"]["lowest_point"]]))
    assert all(lowest < rate["mean_loss"] < 0 for rate in numbers["rates"])
    assert [len(ends) for ends in numbers["shown"]["ends"]] == [1, 2, 3]
    others = numbers["other_surfaces"]
    assert np.mean(others["rates"], axis=0) == pytest.approx(others["mean"])


def check_lambdas(numbers):
    labels = [row["label"] for row in numbers["rows"]]
    assert labels == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert all(0 <= row["average"]["values"][0] <= 100 for row in numbers["rows"])


CHECKS = {
    5: check_sequences,
    8: check_temporal_softmax,
    9: check_category_softmax,
    11: check_seven_gaussians,
    12: check_lambdas,
}
