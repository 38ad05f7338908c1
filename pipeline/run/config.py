"""All parameters in one value: typed sections, presets, and how text becomes them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from extractors.flow import FlowConfig
from models.config import TrainConfig, check_choices
from models.ensemble import EnsembleConfig
from pipeline.datasets.simulated import SimulationConfig
from pipeline.detection.proposals import DetectConfig
from pipeline.errors import UsageError
from pipeline.evaluation import EvaluateConfig
from pipeline.features.extraction import FeatureConfig
from pipeline.features.imported import ImportConfig
from pipeline.points import PointConfig
from pipeline.run.experiment_config import ExperimentConfig
from pipeline.training.self_training import RefineConfig
from pipeline.video import DecodeConfig


@dataclass(frozen=True)
class Config:
    """Everything that decides what comes out; nothing that only moves files."""

    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    decode: DecodeConfig = field(default_factory=DecodeConfig)
    flow: FlowConfig = field(default_factory=FlowConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    imported: ImportConfig = field(default_factory=ImportConfig)
    points: PointConfig = field(default_factory=PointConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    refine: RefineConfig = field(default_factory=RefineConfig)
    ensemble: EnsembleConfig = field(default_factory=EnsembleConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    experiment: ExperimentConfig = field(default_factory=ExperimentConfig)


Sections = Mapping[str, Mapping[str, Any]]

# The paper's training (Sec. 6.3); of the detection its lineage's numbers, whose ranges
# of thresholds leave out their stop, as those of ECM and BackTAL below do.
ACTIVITYNET: Sections = {
    "train": {"cells": 100, "batch_size": 128, "epochs": 25},
    "detect": {
        "tau_cls": 0.1,
        "cas_thresholds": (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15),
        "outer_ratio": 0.5,
        "score_weight": 0.45,
        "nms_threshold": 0.7,
    },
    "evaluate": {
        "tiou": (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
        "buckets": "activitynet",
    },
}
# The presets that stand for a dataset.
DATASETS: dict[str, Sections] = {
    "thumos14": {},
    "activitynet1.2": ACTIVITYNET,
    "activitynet1.3": ACTIVITYNET,
    "demo": {
        # Videos of 12 s: windows of 10 s on and 10 s off would leave most unclicked.
        "points": {"gap_seconds": 0.0},
        # Ten videos make one step an epoch, so the steps are larger.
        "train": {"cells": 64, "hidden": 128, "epochs": 100, "learning_rate": 1e-3},
    },
}
# What each preset changes of the defaults, which are the paper's for THUMOS14.
PRESETS: dict[str, Sections] = {
    "soda": {},
    **DATASETS,
    "small": {"train": {"cells": 64, "hidden": 512, "epochs": 60}},
    # Two relatives of the paper, on THUMOS14: what they have other numbers for.
    "ecm": {
        "train": {"learning_rate": 2e-4, "dropout": 0.5},
        "detect": {
            "cas_thresholds": (0.01, 0.035, 0.06, 0.085, 0.11, 0.135, 0.16, 0.185),
            "outer_ratio": 0.4,
            "score_weight": 0.15,
            "nms_threshold": 0.6,
        },
    },
    "backtal": {"train": {"epochs": 40}, "detect": {"nms_threshold": 0.55}},
    # Better detections of the same model, so that it names no other section.
    "soda_plus": {
        "detect": {
            "nms_iou": "exact",
            "nms": "soft",
            "soft_nms_sigma": 0.3,
            "fallback": "best",
            "max_proposals": 200,
        }
    },
}


def default_preset(dataset: str) -> str:
    """The preset of a dataset for which none is named.

    >>> default_preset("demo"), default_preset("kitchen/dataset.json")
    ('demo', 'soda')
    """
    return dataset if dataset in DATASETS else "soda"


# Field names that would be ambiguous or clumsy as flags.
FLAGS = {
    ("slurm", "options"): "slurm_options",
    ("flow", "algorithm"): "flow",
    ("points", "kinds"): "points",
    ("points", "per"): "points_per",
    ("points", "seed"): "points_seed",
    ("imported", "fps"): "features_fps",
    ("imported", "stride_frames"): "features_stride",
    ("imported", "window_frames"): "features_window",
    ("train", "precision"): "train_precision",
    ("ensemble", "use"): "ensemble",
    ("ensemble", "scores"): "ensemble_scores",
    ("ensemble", "cas"): "ensemble_cas",
}


def flag_of(section: str, name: str) -> str:
    """The command-line name of a field, with underscores.

    >>> flag_of("flow", "algorithm"), flag_of("flow", "warps")
    ('flow', 'tvl1_warps')
    """
    if section == "flow" and name not in ("algorithm", "bound_pixels"):
        return f"tvl1_{name}"
    if section == "simulation" and name not in ("difficulty", "max_videos"):
        return f"simulation_{name}"
    return FLAGS.get((section, name), name)


def flag_text(section: str, name: str) -> str:
    """A field's flag as it is typed.

    >>> flag_text("flow", "warps")
    '--tvl1-warps'
    """
    return "--" + flag_of(section, name).replace("_", "-")


def section_type(section: str) -> type[Any]:
    """The dataclass of a section."""
    hint = get_type_hints(Config)[section]
    assert isinstance(hint, type)
    return hint


def make_config(presets: str, changes: Sections) -> Config:
    """The configuration of some presets, with some fields changed.

    Args:
        presets: A preset, or several with commas: layers, of which the later one wins
            where two change the same field.

    Raises:
        UsageError: No such preset or field (the nearest one is named), or a value
            that a field cannot have.
    """
    config = Config()
    for layer in (*map(find_preset, presets.split(",")), changes):
        config = changed(config, layer)
    return config


def changed(config: Config, changes: Sections) -> Config:
    """A configuration with some fields changed.

    Raises:
        UsageError: No such field, or a value that it cannot have.
    """
    for section, values in changes.items():
        config = _change(config, section, values)
    return config


def find_preset(name: str) -> Sections:
    """What a preset changes, by its name.

    Raises:
        UsageError: No such preset; the nearest one is named.
    """
    if name.strip() not in PRESETS:
        raise UsageError(unknown("preset", name.strip(), PRESETS))
    return PRESETS[name.strip()]


def config_from_json(values: Mapping[str, Mapping[str, Any]]) -> Config:
    """The configuration that `plain` made JSON of; lists become tuples again."""
    sections = {
        section: section_type(section)(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        )
        for section, fields in values.items()
    }
    return Config(**sections)


def _change(config: Config, section: str, values: Mapping[str, Any]) -> Config:
    known = [f.name for f in fields(section_type(section))]
    for name in values:
        if name not in known:
            raise UsageError(unknown(f"{section} parameter", name, known))
    try:
        check_choices(section_type(section), values)
        return replace(config, **{section: replace(getattr(config, section), **values)})
    except ValueError as error:
        raise UsageError(str(error)) from error


def unknown(what: str, name: str, known: Any) -> str:
    """The sentence for a name that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
    return f"unknown {what} {name!r}{hint}"


def field_help(section: str, name: str) -> str:
    """What a field means, from its annotation, and its default.

    A percent sign is doubled, as the command line formats what it shows.

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
    return f"{text} [{shown}]".replace("%", "%%")


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
        raise UsageError(f"{flag_text(section, name)} {text}: {error}") from error


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
