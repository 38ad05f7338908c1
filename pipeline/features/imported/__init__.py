"""Features that somebody else made: found, read, and put on the time line."""

from pipeline.features.imported.config import ImportConfig
from pipeline.features.imported.plan import ImportPlan, plan_imports

__all__ = ["ImportConfig", "ImportPlan", "plan_imports"]
