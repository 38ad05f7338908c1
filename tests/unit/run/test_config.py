from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.run.config import (
    DATASETS,
    PRESETS,
    Config,
    default_preset,
    flag_of,
    make_config,
    parse_field,
    section_type,
)
from pipeline.run.options import OF_STAGES, RunOptions, is_marked
from pipeline.run.parsing import help_of, parse_values
from pipeline.stages.detect import DETECT
from pipeline.stages.train import TRAIN
from pipeline.workfolder.stages import all_stages
from tests.run_maker import make_run

ROOT = Path(__file__).parents[3]


def all_fields():
    for section in Config.__dataclass_fields__:
        for name in section_type(section).__dataclass_fields__:
            yield section, name


def test_flags_are_unique_and_explained():
    flags = [flag_of(section, name) for section, name in all_fields()]
    assert len(flags) == len(set(flags))
    helps = [help_of(section_type(section), name) for section, name in all_fields()]
    assert all(len(text.split("[")[0]) > 5 for text in helps)
    assert all(text % {} for text in helps)  # as argparse does


def test_the_defaults_are_the_papers():
    config = make_config("soda", {})
    assert config == Config()
    assert (config.train.cells, config.train.networks) == (750, 2)
    assert (config.train.background_label, config.train.distillation_weight) == (0, 0.6)
    assert config.flow.algorithm == "tvl1"
    assert config.detect.cas_thresholds == parse_values("0:0.225:0.025")


def test_changes_win_over_presets():
    config = make_config("small", {"train": {"epochs": 3}})
    assert (config.train.cells, config.train.epochs) == (64, 3)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_configuration_and_explained(preset):
    make_config(preset, {})
    assert preset in help_of(RunOptions, "preset")


def test_thumos14_is_the_paper():
    config = make_config("thumos14", {})
    assert config == make_config("soda", {})
    assert config.evaluate.tiou == parse_values("0.1:0.7:0.1")


@pytest.mark.parametrize("preset", ["activitynet1.2", "activitynet1.3"])
def test_activitynet_is_trained_as_in_the_paper_and_detected_as_in_its_lineage(preset):
    config = make_config(preset, {})
    train, detect = config.train, config.detect
    assert (train.cells, train.batch_size, train.epochs) == (100, 128, 25)
    assert (train.learning_rate, train.weight_decay, train.dropout) == (1e-4, 5e-4, 0.7)
    assert (detect.tau_cls, detect.outer_ratio, detect.score_weight) == (0.1, 0.5, 0.45)
    assert detect.cas_thresholds == parse_values("0:0.15:0.025")
    assert (detect.nms_threshold, detect.nms_iou) == (0.7, "plus_one_second")
    assert config.evaluate.tiou == parse_values("0.5:0.95:0.05")


@pytest.mark.parametrize(
    ("preset", "row"),
    [
        # lr, dropout, epochs, batch, T / k, tau, thresholds, lambda, gamma, NMS.
        ("ecm", (2e-4, 0.5, 150, 16, 8, 0.25, "0.01:0.185:0.025", 0.4, 0.15, 0.6)),
        ("backtal", (1e-4, 0.7, 40, 16, 8, 0.25, "0:0.225:0.025", 0.25, 0.2, 0.55)),
    ],
)
def test_relatives_have_their_numbers(preset, row):
    config = make_config(preset, {})
    train, detect = config.train, config.detect
    *numbers, thresholds, outer, weight, suppression = row
    assert numbers == [
        train.learning_rate,
        train.dropout,
        train.epochs,
        train.batch_size,
        train.topk_divisor,
        detect.tau_cls,
    ]
    assert detect.cas_thresholds == parse_values(thresholds)
    assert (detect.outer_ratio, detect.score_weight) == (outer, weight)
    assert detect.nms_threshold == suppression


def test_soda_plus_changes_nothing_but_the_detection():
    plain, plus = make_config("soda", {}), make_config("soda_plus", {})
    changed = [
        f.name for f in fields(Config) if vars(plain)[f.name] != vars(plus)[f.name]
    ]
    assert changed == ["detect"]
    detect = plus.detect
    assert (detect.nms, detect.nms_iou, detect.fallback) == ("soft", "exact", "best")
    assert (detect.soft_nms_sigma, detect.max_proposals) == (0.3, 200)


def test_soda_plus_takes_the_same_trained_model():
    # Without a network's weights, which would have to be fetched.
    changes = {"features": {"streams": "flow", "flow_features": "hof"}}
    plain, plus = (
        make_run("tiny.json", make_config(presets, changes), Path("work"))
        for presets in ("small", "small,soda_plus")
    )
    assert TRAIN.identity(plain) == TRAIN.identity(plus)
    assert TRAIN.fingerprint(plain) == TRAIN.fingerprint(plus)
    assert DETECT.fingerprint(plain) != DETECT.fingerprint(plus)


def test_presets_are_layers_of_which_the_later_wins():
    both = make_config("small,ecm", {})
    assert (both.train.cells, both.train.learning_rate) == (64, 2e-4)
    assert make_config("ecm, soda_plus,backtal", {}).detect.nms_threshold == 0.55
    assert make_config("backtal,ecm", {}).detect.nms_threshold == 0.6
    assert make_config("soda,small,soda", {}) == make_config("small", {})
    changed = make_config("small,soda_plus", {"detect": {"max_proposals": 5}})
    assert changed.detect.max_proposals == 5


def test_a_dataset_of_a_presets_name_has_it_and_all_others_have_the_papers():
    assert [default_preset(name) for name in DATASETS] == list(DATASETS)
    assert default_preset("data/demo.json") == default_preset("small") == "soda"


@pytest.mark.parametrize(
    ("section", "name", "text", "value"),
    [
        ("train", "seed", "3", 3),
        ("train", "learning_rate", "1e-3", 1e-3),
        ("flow", "algorithm", "dis", "dis"),
        ("train", "aggregation", "average", "average"),
        ("detect", "nms", "soft", "soft"),
        ("detect", "max_proposals", "200", 200),
        ("detect", "cas_thresholds", "0:0.1:0.05", (0.0, 0.05, 0.1)),
        ("evaluate", "tiou", "0.5", (0.5,)),
    ],
)
def test_text_becomes_values(section, name, text, value):
    assert parse_field(section, name, text) == value


@pytest.mark.parametrize(
    ("section", "name", "text", "message"),
    [
        ("train", "seed", "x", "--seed x: expected a whole number"),
        ("train", "learning_rate", "x", "--learning-rate x: expected a number"),
        ("flow", "algorithm", "pyflow", "--flow pyflow: expected one of tvl1, dis"),
        ("train", "frame_loss", "bce", "--frame-loss bce: expected one of softmax, si"),
        ("detect", "oic_on", "x", "--oic-on x: expected one of thresholded, raw"),
        ("evaluate", "tiou", "1:0", "expected start:stop:step"),
        ("evaluate", "tiou", "1:0:1", "expected start:stop:step"),
    ],
)
def test_bad_text_is_named_with_its_flag(section, name, text, message):
    with pytest.raises(UsageError, match=message):
        parse_field(section, name, text)


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("smal", {}, "unknown preset 'smal'; did you mean 'small'"),
        ("small,soda_pluss", {}, "unknown preset 'soda_pluss'; did you mean 'soda_pl"),
        ("small,", {}, "unknown preset ''; known: soda, thumos14, "),
        ("soda", {"train": {"cells": 0}}, "cells must be a finite number, at least 1"),
        ("soda", {"train": {"distillation": "l3"}}, "distillation must be one of l1, "),
        ("soda", {"detect": {"nms": "none"}}, "nms must be one of hard, soft, got 'no"),
        ("soda", {"points": {"per": "day"}}, "per must be one of segment, window, pie"),
        ("soda", {"train": {"epoch": 1}}, "unknown train parameter 'epoch'; did you"),
        ("soda", {"train": {"networks": 0}}, "networks must be a finite number"),
        ("soda", {"evaluate": {"tiou": (1.5,)}}, "tiou thresholds must be in"),
        ("soda", {"points": {"window_seconds": 0.0}}, "window_seconds must be"),
        ("soda", {"decode": {"fps": -1.0}}, "fps"),
    ],
)
def test_impossible_configurations_are_refused(preset, changes, message):
    with pytest.raises(UsageError, match=message):
        make_config(preset, changes)


def test_every_option_of_some_stages_is_taken_by_one():
    marked = {f.name for f in fields(RunOptions) if is_marked(f.name, OF_STAGES)}
    assert marked == {name for stage in all_stages() for name in stage.options} != set()
