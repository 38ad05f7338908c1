"""All parameters in one value: typed sections, presets, and how text becomes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from extractors.flow import FlowConfig
from models.config import EnsembleConfig, TrainConfig, check_choices
from pipeline.datasets.simulated import SimulationConfig
from pipeline.detection.proposals import DetectConfig
from pipeline.errors import UsageError
from pipeline.evaluation import EvaluateConfig
from pipeline.features.config import FeatureConfig
from pipeline.features.imported.timing import ImportConfig
from pipeline.points.simulation import PointConfig
from pipeline.run.experiment_config import ExperimentConfig
from pipeline.run.parsing import unknown, value_of
from pipeline.training.config import RefineConfig
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
# The presets that are named after a dataset.
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
    """Return the preset that a dataset gets if the user names none.

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
    """Return the command-line name of a field, with underscores.

    >>> flag_of("flow", "algorithm"), flag_of("flow", "warps")
    ('flow', 'tvl1_warps')
    """
    if section == "flow" and name not in ("algorithm", "bound_pixels"):
        return f"tvl1_{name}"
    if section == "simulation" and name not in ("difficulty", "max_videos"):
        return f"simulation_{name}"
    return FLAGS.get((section, name), name)


def flag_text(section: str, name: str) -> str:
    """Return a field's flag as users type it.

    >>> flag_text("flow", "warps")
    '--tvl1-warps'
    """
    return "--" + flag_of(section, name).replace("_", "-")


def section_type(section: str) -> type[Any]:
    """Return the dataclass of a section."""
    return type(getattr(Config(), section))


def make_config(presets: str, changes: Sections) -> Config:
    """Return the configuration of some presets, with some fields changed, by section.

    Presets are separated by commas; if two change the same field, the later one wins.

    Raises:
        UsageError: A preset or field does not exist (the message names the nearest
            one), or a value is invalid.
    """
    config = Config()
    for name in map(str.strip, presets.split(",")):
        if name not in PRESETS:
            raise UsageError(unknown("preset", name, PRESETS))
        config = changed(config, PRESETS[name])
    return changed(config, changes)


def changed(config: Config, changes: Sections) -> Config:
    """Return a configuration with some fields changed.

    Raises:
        UsageError: A field does not exist, or a value is invalid.
    """
    for section, values in changes.items():
        before = getattr(config, section)
        for name in values:
            if name not in vars(before):
                raise UsageError(unknown(f"{section} parameter", name, vars(before)))
        try:
            check_choices(type(before), values)
            config = replace(config, **{section: replace(before, **values)})
        except ValueError as error:
            raise UsageError(str(error)) from error
    return config


def config_from_json(values: Mapping[str, Mapping[str, Any]]) -> Config:
    """Return the configuration from the JSON values of `plain`; lists become tuples."""
    sections = {
        section: section_type(section)(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        )
        for section, fields in values.items()
    }
    return Config(**sections)


def parse_field(section: str, name: str, text: str) -> Any:
    """Turn a command line's text into the value of a section's field.

    Raises:
        UsageError: The text is no value of the field's type; the message says what
            is expected.
    """
    return value_of(section_type(section), name, text, flag_text(section, name))
