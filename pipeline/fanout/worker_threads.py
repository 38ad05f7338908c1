"""The processors that a worker may use."""

import os


def worker_threads() -> int:
    """Processors that the work in this process may use."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
