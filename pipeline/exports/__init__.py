"""Exports of detections, features and networks to the formats of other tools."""

from pipeline.exports.detections import FORMATS, export_detections, strongest
from pipeline.exports.features import LAYOUTS, export_features

__all__ = ["FORMATS", "LAYOUTS", "export_detections", "export_features", "strongest"]
