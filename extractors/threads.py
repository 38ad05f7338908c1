"""The number of threads of a worker."""

import os


def worker_threads() -> int:
    """Return the number of processors that work in this process may use."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
