"""The report: static pages that show the detections and how good they are."""

from pipeline.report.data import Findings, Model, RunReport, VideoReport
from pipeline.report.write import write_report

__all__ = ["Findings", "Model", "RunReport", "VideoReport", "write_report"]
