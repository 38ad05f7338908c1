"""Checks of a dataset that report all problems at once, before any work starts."""

from pipeline.check.check import Check, check_dataset
from pipeline.check.facts import Facts, FactsByPath, Failure, gather_facts

__all__ = ["Check", "Facts", "FactsByPath", "Failure", "check_dataset", "gather_facts"]
