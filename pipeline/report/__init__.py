"""The report: static pages that show what was found, and how good it is."""

from pipeline.report.data import Report, VideoReport
from pipeline.report.write import write_report

__all__ = ["Report", "VideoReport", "write_report"]
