"""An examination of the machine: what the project needs, and how to get it."""

from pipeline.doctor.examination import examine
from pipeline.doctor.finding import Finding, Severity

__all__ = ["Finding", "Severity", "examine"]
