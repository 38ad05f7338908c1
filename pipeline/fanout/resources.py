"""The resources of a run, which never change its results."""

import os
from dataclasses import dataclass

from pipeline.fanout.slurm_config import SlurmConfig


@dataclass(frozen=True)
class Resources:
    """The resources that a run may use."""

    jobs: int  # worker processes
    max_failures: float = 0.0  # share of the videos that may fail
    gpus: int = 0  # of this machine, divided among the workers; 0: no GPU
    stall_minutes: float = 30.0  # without progress, to give a video up; 0: no limit
    slurm: SlurmConfig | None = None  # of each worker; None: on this machine


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
