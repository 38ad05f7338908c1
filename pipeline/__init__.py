"""SODA: temporal action localization in untrimmed videos, learned from single clicks.

The names below are imported on first use: importing PyTorch takes seconds, and much
of the package does not need it.
"""

from importlib import import_module
from typing import Any

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
