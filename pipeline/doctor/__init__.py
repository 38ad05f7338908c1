"""Whether a machine has all that is needed, and what to do where it has not."""

from pipeline.doctor.examination import examine
from pipeline.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
