"""Exports of detections, features and networks to the formats of other tools."""

from pipeline.exports.detections import export_detections, strongest
from pipeline.exports.features import export_features
from pipeline.exports.formats import FORMATS
from pipeline.exports.layouts import LAYOUTS
from pipeline.exports.networks import NETWORKS, export_network

__all__ = [
    "FORMATS",
    "LAYOUTS",
    "NETWORKS",
    "export_detections",
    "export_features",
    "export_network",
    "strongest",
]
