"""Many videos, one function: done side by side, resumed, nothing lost.

A stage hands its videos over as items. Those without a valid output are written to a
job folder, a file of items a slice; workers (`python -m pipeline.fanout.worker JOB k`)
take a slice each, longest first, and write each output whole or not at all. A video's
own error goes to the ledger `failures/<stage>/<id>.json` while the others go on. Rounds
repeat for what is missing without an error of its own: a worker may have been killed.
"""

from pipeline.fanout.job import Item, Job
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.lock import locked, share
from pipeline.fanout.resources import Resources, default_jobs
from pipeline.fanout.rounds import run_job
from pipeline.fanout.slurm import end_arrays
from pipeline.fanout.slurm_config import SlurmConfig
from pipeline.fanout.worker_threads import worker_threads

__all__ = [
    "Item",
    "Job",
    "Ledger",
    "Resources",
    "SlurmConfig",
    "default_jobs",
    "end_arrays",
    "locked",
    "run_job",
    "share",
    "worker_threads",
]
