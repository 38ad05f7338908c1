"""A parallel, resumable map of one function over many videos.

A stage passes its videos as items. The items without a valid output are divided into
slices, one file each in a job folder. Each worker
(`python -m pipeline.fanout.worker JOB k`) takes one slice, longest item first, and
writes each output whole or not at all. The error of a single video goes to the ledger
`failures/<stage>/<id>.json`, and the others continue. Because a worker may be killed,
further rounds repeat the items that have neither an output nor an error.
"""

from pipeline.fanout.job import Item, Job, noted_inputs
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.lock import locked, share
from pipeline.fanout.resources import Resources, SlurmConfig, default_jobs
from pipeline.fanout.rounds import run_job
from pipeline.fanout.slurm import end_arrays

__all__ = [
    "Item",
    "Job",
    "Ledger",
    "Resources",
    "SlurmConfig",
    "default_jobs",
    "end_arrays",
    "locked",
    "noted_inputs",
    "run_job",
    "share",
]
