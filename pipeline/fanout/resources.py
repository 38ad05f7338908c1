"""What a run may use; nothing of it changes the results."""

import os
from dataclasses import dataclass

from pipeline.fanout.slurm_config import SlurmConfig


@dataclass(frozen=True)
class Resources:
    """What a run may use."""

    jobs: int  # worker processes
    max_failures: float = 0.0  # share of the videos that may fail
    gpus: int = 0  # of this machine, shared out among the workers; 0: they take none
    stall_minutes: float = 30.0  # a video without progress is given up; 0: never
    slurm: SlurmConfig | None = None  # of each worker; None: on this machine


def default_jobs() -> int:
    """As many workers as this process may use processors."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
