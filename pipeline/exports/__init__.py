"""Exports of detections, features and networks to the formats of other tools."""

from pipeline.exports.detections import export_detections, strongest
from pipeline.exports.features import export_features
from pipeline.exports.formats import FORMATS
from pipeline.exports.layouts import LAYOUTS

__all__ = [
    "FORMATS",
    "LAYOUTS",
    "export_detections",
    "export_features",
    "strongest",
]
