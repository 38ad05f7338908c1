"""Checks of a dataset that report all problems at once, before any work starts."""

from pipeline.check.check import Check, check_dataset
from pipeline.check.facts import Facts, Failure, Findings, gather_facts

__all__ = ["Check", "Facts", "Failure", "Findings", "check_dataset", "gather_facts"]
