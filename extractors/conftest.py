"""What the collection of doctests must leave alone."""

from importlib.util import find_spec

# Not every machine has Triton, and doctests are found by importing.
collect_ignore = [] if find_spec("triton") else ["flow/tvl1/triton_kernels.py"]
