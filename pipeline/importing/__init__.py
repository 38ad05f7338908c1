"""Features that somebody else made: found, read, and put on the time line."""

from pipeline.importing.config import ImportConfig
from pipeline.importing.plan import ImportPlan, plan_imports

__all__ = ["ImportConfig", "ImportPlan", "plan_imports"]
