"""All parameters in one value: typed sections, presets, and how text becomes them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from extractors.flow import FlowConfig
from models.config import TrainConfig
from pipeline.errors import UsageError
from pipeline.evaluation import EvaluateConfig
from pipeline.extraction import FeatureConfig
from pipeline.points import PointConfig
from pipeline.proposals import DetectConfig
from pipeline.video import DecodeConfig


@dataclass(frozen=True)
class Config:
    """Everything that decides what comes out; nothing that only moves files."""

    decode: DecodeConfig = field(default_factory=DecodeConfig)
    flow: FlowConfig = field(default_factory=FlowConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    points: PointConfig = field(default_factory=PointConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)


Sections = Mapping[str, Mapping[str, Any]]

# What each preset changes of the defaults, which are the paper's for THUMOS14.
PRESETS: dict[str, Sections] = {
    "soda": {},
    "small": {"train": {"cells": 64, "hidden": 512, "epochs": 60}},
    "demo": {
        # Videos of 12 s: windows of 10 s on and 10 s off would leave most unclicked.
        "points": {"gap_seconds": 0.0},
        # Ten videos make one step an epoch, so the steps are larger.
        "train": {"cells": 64, "hidden": 128, "epochs": 100, "learning_rate": 1e-3},
    },
}


def default_preset(dataset: str) -> str:
    """The preset of a dataset for which none is named."""
    return dataset if dataset in PRESETS else "soda"


# Field names that would be ambiguous or clumsy as flags.
FLAGS = {
    ("flow", "algorithm"): "flow",
    ("points", "kinds"): "points",
    ("points", "per"): "points_per",
    ("points", "seed"): "points_seed",
}


def flag_of(section: str, name: str) -> str:
    """The command-line name of a field, with underscores.

    >>> flag_of("flow", "algorithm"), flag_of("flow", "warps")
    ('flow', 'tvl1_warps')
    """
    if section == "flow" and name not in ("algorithm", "bound_pixels"):
        return f"tvl1_{name}"
    return FLAGS.get((section, name), name)


def section_type(section: str) -> type[Any]:
    """The dataclass of a section."""
    hint = get_type_hints(Config)[section]
    assert isinstance(hint, type)
    return hint


def make_config(preset: str, changes: Sections) -> Config:
    """The preset's configuration with some fields changed.

    Raises:
        UsageError: No such preset or field (the nearest one is named), or a value
            that a field cannot have.
    """
    if preset not in PRESETS:
        raise UsageError(unknown("preset", preset, PRESETS))
    config = Config()
    for layer in (PRESETS[preset], changes):
        for section, values in layer.items():
            config = _change(config, section, values)
    return config


def _change(config: Config, section: str, values: Mapping[str, Any]) -> Config:
    known = [f.name for f in fields(section_type(section))]
    for name in values:
        if name not in known:
            raise UsageError(unknown(f"{section} parameter", name, known))
    try:
        changed = replace(getattr(config, section), **values)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return replace(config, **{section: changed})


def unknown(what: str, name: str, known: Any) -> str:
    """The sentence for a name that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
    return f"unknown {what} {name!r}{hint}"


def field_help(section: str, name: str) -> str:
    """What a field means, from its annotation, and its default.

    >>> field_help("train", "networks")
    'M: one master and M - 1 auxiliaries (Sec. 5) [2]'
    """
    hint = get_type_hints(section_type(section), include_extras=True)[name]
    text = get_args(hint)[1] if get_origin(hint) is Annotated else ""
    plain_hint = _without_extras(hint)
    if get_origin(plain_hint) is Literal:
        text = f"{text} ({'|'.join(map(str, get_args(plain_hint)))})"
    default = getattr(section_type(section)(), name)
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    return f"{text} [{shown}]"


def parse_field(section: str, name: str, text: str) -> Any:
    """Turn a command line's text into a field's value.

    Raises:
        UsageError: The text is no value of the field's type; the message says what
            is expected.
    """
    hint = _without_extras(get_type_hints(section_type(section))[name])
    try:
        return _parse(hint, text)
    except ValueError as error:
        flag = flag_of(section, name).replace("_", "-")
        raise UsageError(f"--{flag} {text}: {error}") from error


def _without_extras(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _parse(hint: Any, text: str) -> Any:
    if get_origin(hint) is Literal:
        if text not in get_args(hint):
            raise ValueError(f"expected one of {', '.join(get_args(hint))}")
        return text
    if get_origin(hint) is tuple:
        return parse_values(text)
    try:
        return hint(text)
    except ValueError:
        names = {int: "a whole number", float: "a number"}
        raise ValueError(f"expected {names.get(hint, hint)}") from None


def parse_values(text: str) -> tuple[float, ...]:
    """Numbers as `start:stop:step`, the stop counted, or separated by commas.

    >>> parse_values("0.1:0.3:0.1")
    (0.1, 0.2, 0.3)
    >>> parse_values("0.5,0.75")
    (0.5, 0.75)
    """
    try:
        if ":" not in text:
            return tuple(float(part) for part in text.split(","))
        start, stop, step = (float(part) for part in text.split(":"))
        if step <= 0 or stop < start:
            raise ValueError
    except ValueError:
        raise ValueError("expected start:stop:step or numbers with commas") from None
    count = int((stop - start) / step + 1e-6) + 1
    return tuple(round(start + i * step, 10) for i in range(count))
