"""The resources of a run, which never change its results."""

import os
from dataclasses import dataclass, replace

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


def network_resources(resources: Resources, device: str) -> Resources:
    """Return the resources of work that runs networks here: a worker for each GPU."""
    if not device.startswith("cuda"):
        return resources
    import torch  # takes seconds to import, which a machine without a GPU does not need

    count = torch.cuda.device_count()
    return replace(resources, jobs=count, gpus=count)
