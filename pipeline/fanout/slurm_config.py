"""The requests to a Slurm cluster."""

import shlex
from dataclasses import dataclass


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
            if getattr(self, name) < least:
                found = getattr(self, name)
                raise ValueError(f"expected at least {least} {name}, found {found}")

    def sbatch_options(self) -> list[str]:
        """Return the options for sbatch."""
        texts = {"partition": self.partition, "time": self.time, "mem": self.mem}
        asked = [f"--{name}={text}" for name, text in texts.items() if text]
        asked.append(f"--cpus-per-task={self.cpus}")
        if self.gpus:
            asked.append(f"--gres=gpu:{self.gpus}")
        return [*asked, *shlex.split(self.options)]
