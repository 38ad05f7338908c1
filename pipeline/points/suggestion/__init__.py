"""Active annotation: where a first model would gain most from another click."""

from pipeline.points.suggestion.measures import MEASURES, Measure, MeasureName
from pipeline.points.suggestion.suggestion import SuggestConfig, Suggestion, suggest

__all__ = [
    "MEASURES",
    "Measure",
    "MeasureName",
    "SuggestConfig",
    "Suggestion",
    "suggest",
]
