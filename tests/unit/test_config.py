import pytest

from pipeline.config import (
    PRESETS,
    Config,
    field_help,
    flag_of,
    make_config,
    parse_field,
    parse_values,
    section_type,
)
from pipeline.errors import UsageError


def all_fields():
    for section in Config.__dataclass_fields__:
        for name in section_type(section).__dataclass_fields__:
            yield section, name


def test_flags_are_unique_and_explained():
    flags = [flag_of(section, name) for section, name in all_fields()]
    assert len(flags) == len(set(flags))
    helps = [field_help(section, name) for section, name in all_fields()]
    assert all(len(text.split("[")[0]) > 5 for text in helps)


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
def test_every_preset_is_a_configuration(preset):
    make_config(preset, {})


@pytest.mark.parametrize(
    ("section", "name", "text", "value"),
    [
        ("train", "seed", "3", 3),
        ("train", "learning_rate", "1e-3", 1e-3),
        ("flow", "algorithm", "dis", "dis"),
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
        ("soda", {"train": {"epoch": 1}}, "unknown train parameter 'epoch'; did you"),
        ("soda", {"train": {"networks": 0}}, "networks must be at least 1"),
        ("soda", {"evaluate": {"tiou": (1.5,)}}, "tiou thresholds must lie in"),
        ("soda", {"points": {"window_seconds": 0.0}}, "window_seconds must be"),
        ("soda", {"decode": {"fps": -1.0}}, "fps"),
    ],
)
def test_impossible_configurations_are_refused(preset, changes, message):
    with pytest.raises(UsageError, match=message):
        make_config(preset, changes)
