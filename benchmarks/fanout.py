"""Overhead of many small items: three stages, a second run, and a large plan.

python -m benchmarks.fanout [--items 20000] [--planned 1000000] [--jobs 2] [--slurm]
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from pipeline.fanout import Item, Job, Resources, SlurmConfig, run_job
from pipeline.fanout.job import Order, write_round
from tests.slurm_cluster import slurm_cluster

STAGES = ("first", "second", "third")


def copy_nothing(
    inputs: Sequence[Path], output: Path, progress: Callable[[float], None]
) -> None:
    """Write one byte, the least work of a stage function."""
    output.parent.mkdir(exist_ok=True)
    output.write_bytes(b"x")


def jobs_of(folder: Path, count: int) -> list[Job]:
    """Return the jobs of three stages, each reading from the previous one."""
    jobs, before = [], folder / "videos"
    for stage in STAGES:
        items = items_of(before, folder / stage, count)
        jobs.append(Job(stage, "benchmarks.fanout:copy_nothing", {}, items))
        before = folder / stage
    return jobs


def items_of(before: Path, after: Path, count: int) -> tuple[Item, ...]:
    """Return one item per video."""
    names = (f"video_{i:07d}" for i in range(count))
    return tuple(
        Item(name, (f"{before}/{name}",), f"{after}/{name}", 1.0, {}) for name in names
    )


def plan(folder: Path, count: int) -> None:
    """Do the work that comes before the first of many items starts."""
    items = items_of(folder / "videos", folder / "features", count)
    to_do = [item for item in items if not item.is_done()]
    write_round(folder / "jobs", Order("features", "", {}, 0.0), to_do, 1000)


def three_stages(folder: Path, count: int, resources: Resources, table: Table) -> None:
    """Run all stages, then run them again, and add the times to the table."""
    (folder / "videos").mkdir()
    for item in items_of(folder, folder / "videos", count):
        Path(item.output).touch()
    jobs = jobs_of(folder, count)
    for job in jobs:
        table.add_row(job.stage, seconds_of(run_job, job, folder, resources))
    again = seconds_of(lambda: [run_job(job, folder, resources) for job in jobs])
    table.add_row("all three again", again)


def seconds_of(task: Callable[..., Any], *arguments: Any) -> str:
    """Return the seconds that a task takes, as text."""
    began = time.perf_counter()
    task(*arguments)
    return f"{time.perf_counter() - began:.1f}"


def main() -> None:
    """Measure and print the overhead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--planned", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--slurm",
        action="store_true",
        help="start a Slurm cluster and run job arrays in it",
    )
    arguments = parser.parse_args()
    jobs = arguments.jobs
    title = f"{arguments.items} items, {jobs} workers"
    table = Table("", title=title + " in Slurm" * arguments.slurm)
    table.add_column("seconds", justify="right")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, slurm = Path(name), None
        if arguments.slurm:
            (folder / "slurm").mkdir()
            cluster = stack.enter_context(slurm_cluster(folder / "slurm"))
            os.environ |= cluster.environ
            slurm = SlurmConfig(max_parallel=jobs)
        three_stages(folder, arguments.items, Resources(jobs, slurm=slurm), table)
        planned = seconds_of(plan, folder / "plan", arguments.planned)
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        table.add_row(f"{arguments.planned} planned, {gigabytes:.1f} GB", planned)
    Console().print(table, describe_machine(), highlight=False)


if __name__ == "__main__":
    main()
