"""Active annotation: where a first model would gain most from another click."""

from pipeline.active.measures import MEASURES, Measure, MeasureName
from pipeline.active.suggestion import SuggestConfig, Suggestion, suggest

__all__ = [
    "MEASURES",
    "Measure",
    "MeasureName",
    "SuggestConfig",
    "Suggestion",
    "suggest",
]
