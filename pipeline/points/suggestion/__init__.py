"""Active annotation: suggestions of clicks that help a first model most."""

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
