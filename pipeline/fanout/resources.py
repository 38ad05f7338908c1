"""The resources of a run, which never change its results."""

import os
import shlex
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class SlurmConfig:
    """The resources of each worker of a stage, and the number of workers at a time.

    Empty text means the cluster's own default.
    """

    partition: str = ""
    time: str = ""  # limit of a worker, in the form of Slurm: 4:00:00
    mem: str = ""  # of a worker: 8G
    cpus: int = 1  # of a worker
    gpus: int = 0  # of a worker
    max_parallel: int = 50  # workers at a time
    options: str = ""  # further ones of sbatch: --account=vision --exclude=n7
    poll_seconds: float = 5.0  # between two queries of the queue

    def __post_init__(self) -> None:
        """Refuse values with which no worker could run."""
        leasts = {"cpus": 1, "gpus": 0, "max_parallel": 1, "poll_seconds": 0.1}
        for name, least in leasts.items():
            if (found := getattr(self, name)) < least:
                raise ValueError(f"expected at least {least} {name}, found {found}")

    def sbatch_options(self) -> list[str]:
        """Return the options for sbatch."""
        texts = {"partition": self.partition, "time": self.time, "mem": self.mem}
        asked = [f"--{name}={text}" for name, text in texts.items() if text]
        asked.append(f"--cpus-per-task={self.cpus}")
        if self.gpus:
            asked.append(f"--gres=gpu:{self.gpus}")
        return [*asked, *shlex.split(self.options)]


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
