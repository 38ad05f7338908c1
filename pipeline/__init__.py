"""SODA: actions in untrimmed videos, found by a model that a click can train.

The names below are imported when they are used: PyTorch takes seconds, and much of
the package does without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractors.flow import FlowConfig
    from pipeline.config import make_config
    from pipeline.detections import Detection
    from pipeline.detector import Detector
    from pipeline.evaluation import EvaluateConfig
    from pipeline.extraction import FeatureConfig
    from pipeline.functions import detect, evaluate, extract, train
    from pipeline.proposals import DetectConfig
    from pipeline.timeline import show
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
    "DetectConfig": "pipeline.proposals",
    "Detection": "pipeline.detections",
    "Detector": "pipeline.detector",
    "EvaluateConfig": "pipeline.evaluation",
    "FeatureConfig": "pipeline.extraction",
    "FlowConfig": "extractors.flow",
    "detect": "pipeline.functions",
    "evaluate": "pipeline.functions",
    "extract": "pipeline.functions",
    "make_config": "pipeline.config",
    "show": "pipeline.timeline",
    "train": "pipeline.functions",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
