"""Sequences beside ground truth (Fig. 5), and all figures as files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets import Instance, Video
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig
from pipeline.experiments.active_learning import WAYS
from pipeline.experiments.figures import seven_gaussians
from pipeline.experiments.figures.lambdas import draw_lambdas
from pipeline.experiments.figures.sequence_panels import (
    LONGEST_SECONDS,
    Curve,
    Panel,
    choose_window,
    draw_panels,
)
from pipeline.experiments.figures.sequences import (
    choose_videos,
    localize_class,
    video_map,
)
from pipeline.experiments.figures.sheet import save_sheet
from pipeline.experiments.figures.wells import Wells
from pipeline.experiments.stage import EXPERIMENT, run_experiment
from pipeline.experiments.summary import SummaryRow, Values
from pipeline.run.config import make_config
from pipeline.run.experiment_config import FIGURES
from pipeline.run.work import is_done
from pipeline.stages.features import FEATURES
from pipeline.storage import read_json
from tests.finished import CACHES, copy_run
from tests.run_maker import make_run

# Sequences against ground truth.

EVALUATE = EvaluateConfig(tiou=(0.5,))


def test_instances_are_judged_by_the_best_detection_that_overlaps_them():
    instances = [
        Instance("a", start, start + 10.0) for start in (0.0, 20.0, 50.0, 80.0)
    ]
    found = Video("v", "test", Path("v.mp4"), ("a",), tuple(instances))
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
    found = Video("v", "test", Path("v.mp4"), ("a",), tuple(instances))
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
        SummaryRow(f"{weight:g}", Values((30.0, 31.0)), Values((20.0, 22.0)), None)
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
def run(finished, tmp_path_factory):
    """A run on tiny videos whose features are there."""
    folder = copy_run(finished, tmp_path_factory.mktemp("world"), *CACHES)
    config, manifest = make_config("soda", QUICK), folder / "data" / "dataset.json"
    # A second worker would start longer than it would work.
    made = make_run(manifest, config, folder / "work", device="cpu", jobs=1)
    assert is_done(made, FEATURES)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_written_with_its_numbers_and_each_time_the_same(
    run, name, monkeypatch
):
    # Of more, tests/command/test_experiments.py makes the same figure.
    monkeypatch.setattr(seven_gaussians, "OTHER_SURFACES", 5)
    chosen = replace(run.config.experiment, figure=name)
    run = replace(run, config=replace(run.config, experiment=chosen))
    made = run_experiment(run)
    files = [EXPERIMENT.folder(run) / name for name in made.result["files"]]
    assert [path.name for path in files] == [
        f"figure-{name}.{suffix}" for suffix in ("pdf", "png", "json")
    ]
    before = [path.read_bytes() for path in files]
    assert all(len(content) > 500 for content in before)
    numbers = read_json(files[-1])
    assert (f"Fig. {name}" in numbers["title"]) == name.isdigit()
    CHECKS[name](numbers)
    run_experiment(run)
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


def check_active(numbers):
    assert (numbers["videos"], numbers["instances"]) == (4, 4)
    lines = {line["way"]: line for line in numbers["lines"]}
    assert set(lines) == set(WAYS)
    for line in lines.values():
        assert line["clicks"][0] == 4 and line["clicks"] == sorted(line["clicks"])
        assert len(line["average"]) == len(line["at_half"]) == 4
        assert line["average"][0] == lines["random"]["average"][0]
    assert lines["random"]["clicks"] == lines["even"]["clicks"] == [4, 8, 12, 16]


CHECKS = {
    "5": check_sequences,
    "8": check_temporal_softmax,
    "9": check_category_softmax,
    "11": check_seven_gaussians,
    "12": check_lambdas,
    "active": check_active,
}
