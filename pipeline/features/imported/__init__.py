"""Import of features that other software extracted, with the times of the snippets."""

from pipeline.features.imported.config import ImportConfig
from pipeline.features.imported.plan import ImportPlan, plan_imports

__all__ = ["ImportConfig", "ImportPlan", "plan_imports"]
