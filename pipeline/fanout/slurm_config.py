"""What is asked of a Slurm cluster."""

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class SlurmConfig:
    """What each worker of a stage gets, and how many there are at a time.

    Empty text leaves it to the cluster's own defaults.
    """

    partition: str = ""
    time: str = ""  # limit of a worker, as Slurm writes it: 4:00:00
    mem: str = ""  # of a worker: 8G
    cpus: int = 1  # of a worker
    gpus: int = 0  # of a worker
    max_parallel: int = 50  # workers at a time
    options: str = ""  # more of sbatch's, such as --account=vision --exclude=n7
    poll_seconds: float = 5.0  # between two looks at the queue

    def __post_init__(self) -> None:
        """Refuse what no worker could run with."""
        leasts = {"cpus": 1, "gpus": 0, "max_parallel": 1, "poll_seconds": 0.1}
        for name, least in leasts.items():
            if getattr(self, name) < least:
                found = getattr(self, name)
                raise ValueError(f"expected at least {least} {name}, found {found}")

    def sbatch_options(self) -> list[str]:
        """The same as sbatch takes it."""
        texts = {"partition": self.partition, "time": self.time, "mem": self.mem}
        asked = [f"--{name}={text}" for name, text in texts.items() if text]
        asked.append(f"--cpus-per-task={self.cpus}")
        if self.gpus:
            asked.append(f"--gres=gpu:{self.gpus}")
        return [*asked, *shlex.split(self.options)]
