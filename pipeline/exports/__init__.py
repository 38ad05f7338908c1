"""The ways out: detections in the forms of other tools."""

from pipeline.exports.detections import export_detections, strongest
from pipeline.exports.formats import FORMATS

__all__ = ["FORMATS", "export_detections", "strongest"]
