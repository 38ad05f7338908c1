"""Everything that is wrong with a dataset, told at once and before any work."""

from pipeline.check.check import Check, check_dataset
from pipeline.check.facts import Facts, Failure, Findings, gather_facts

__all__ = ["Check", "Facts", "Failure", "Findings", "check_dataset", "gather_facts"]
