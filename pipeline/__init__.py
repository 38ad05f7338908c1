"""SODA: temporal action localization in untrimmed videos, learned from single clicks.

The names below are imported on first use: importing PyTorch takes seconds, and much
of the package does not need it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and type checkers read
    from extractors.flow import FlowConfig as FlowConfig
    from pipeline.api import detect as detect
    from pipeline.api import evaluate as evaluate
    from pipeline.api import extract as extract
    from pipeline.api import train as train
    from pipeline.detection.detections import Detection as Detection
    from pipeline.detection.proposals import DetectConfig as DetectConfig
    from pipeline.evaluation import EvaluateConfig as EvaluateConfig
    from pipeline.experiments.figures.timeline import show as show
    from pipeline.features.config import FeatureConfig as FeatureConfig
    from pipeline.inference.detector import Detector as Detector
    from pipeline.run.config import make_config as make_config
    from pipeline.video import DecodeConfig as DecodeConfig

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
__all__ = [*_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
