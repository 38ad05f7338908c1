"""SODA: temporal action localization in untrimmed videos, learned from single clicks.

The names below are imported on first use: importing PyTorch takes seconds, and much
of the package does not need it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractors.flow import FlowConfig
    from pipeline.api import detect, evaluate, extract, train
    from pipeline.detection.detections import Detection
    from pipeline.detection.proposals import DetectConfig
    from pipeline.evaluation import EvaluateConfig
    from pipeline.experiments.figures.timeline import show
    from pipeline.features.config import FeatureConfig
    from pipeline.inference.detector import Detector
    from pipeline.run.config import make_config
    from pipeline.video import DecodeConfig

__all__ = [
    "DecodeConfig",
    "DetectConfig",
    "Detection",
    "Detector",
    "EvaluateConfig",
    "FeatureConfig",
    "FlowConfig",
    "detect",
    "evaluate",
    "extract",
    "make_config",
    "show",
    "train",
]

_PLACES = {
    "DecodeConfig": "pipeline.video",
    "DetectConfig": "pipeline.detection.proposals",
    "Detection": "pipeline.detection.detections",
    "Detector": "pipeline.inference.detector",
    "EvaluateConfig": "pipeline.evaluation",
    "FeatureConfig": "pipeline.features.config",
    "FlowConfig": "extractors.flow",
    "detect": "pipeline.api",
    "evaluate": "pipeline.api",
    "extract": "pipeline.api",
    "make_config": "pipeline.run.config",
    "show": "pipeline.experiments.figures.timeline",
    "train": "pipeline.api",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
