"""Modules that the collection of doctests has to skip."""

from importlib.util import find_spec

# Doctests are collected by importing, and not every machine has Triton.
collect_ignore = [] if find_spec("triton") else ["flow/tvl1/triton_kernels.py"]
