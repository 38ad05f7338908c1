"""Checks of a dataset that report all problems at once, before any work starts."""
