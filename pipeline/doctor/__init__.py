"""An examination of the machine: what the project needs, and how to get it."""

from pipeline.doctor.examination import examine
from pipeline.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
