"""Many videos, one function: done side by side, resumed, nothing lost.

A stage hands its videos over as items. Those without a valid output are written to a
job folder; worker processes (`python -m pipeline.worker JOB k n`) take every n-th of
them, longest first, and write each output whole or not at all. A video's own error
goes to the ledger `failures/<stage>/<id>.json` while the others go on. Rounds repeat
for what is missing without an error of its own: a worker may have been killed.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.errors import FailedVideosError, SodaError
from pipeline.progress import Progress
from pipeline.storage import plain, read_json, write_json

POLL_SECONDS = 0.2
# A video in whose company a worker was killed twice is not tried a third time.
MAX_DEATHS = 2


@dataclass(frozen=True)
class Item:
    """One video's work in a stage."""

    id: str
    inputs: tuple[str, ...]  # paths; an output older than one of them is made again
    output: str  # path
    weight: float  # what the progress counts, such as frames or seconds of video
    arguments: dict[str, Any]  # of the function, this video's own

    def is_done(self) -> bool:
        """Whether the output is there and at least as new as all inputs."""
        try:
            made = os.stat(self.output).st_mtime_ns
            return all(os.stat(path).st_mtime_ns <= made for path in self.inputs)
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Make a new output no older than its inputs, whatever the clocks say."""
        newest = max(os.stat(path).st_mtime_ns for path in self.inputs)
        if os.stat(self.output).st_mtime_ns < newest:
            os.utime(self.output, ns=(newest, newest))


@dataclass(frozen=True)
class Job:
    """A function and the items that it is to be called with.

    The function is `module:name`, and is called as
    `function(inputs, output, progress=..., **parameters, **item.arguments)` where
    `progress(share)` tells which share of the item is done.
    """

    stage: str
    function: str
    parameters: dict[str, Any]
    items: tuple[Item, ...]
    unit: str = "videos"  # what an item is to people


@dataclass(frozen=True)
class Resources:
    """What a run may use; nothing of it changes the results."""

    jobs: int  # worker processes
    max_failures: float = 0.0  # share of the videos that may fail


def run_job(job: Job, workdir: Path, resources: Resources) -> list[str]:
    """Bring all items to their outputs; returns the ids that failed for good.

    Raises:
        FailedVideosError: More videos failed than `max_failures` allows; each is
            named with its reason, and the ledger holds the same.
    """
    failures = Ledger(workdir, job.stage)
    to_do = [item for item in job.items if not item.is_done()]
    failures.clear()
    weights = [item.weight for item in to_do]
    progress = Progress(job.stage, len(job.items), weights, job.unit)
    progress.announce()
    while to_do:
        _round(job, to_do, workdir, resources, progress)
        deaths = _blame_deaths(job, workdir, failures)
        failed = failures.read()
        left = [i for i in to_do if i.id not in failed and not i.is_done()]
        if len(left) == len(to_do) and not deaths:
            raise SodaError(
                f"{job.stage}: the workers ended without doing anything, see their "
                f"logs in {job_folder(job, workdir)}"
            )
        to_do = left
    progress.finish()
    failures.forget_deaths()
    return check_failures(failures, job, resources.max_failures)


def check_failures(failures: "Ledger", job: Job, max_failures: float) -> list[str]:
    """The ids in the ledger, if they are few enough, else `FailedVideosError`."""
    failed, count = failures.read(), len(job.items)
    if len(failed) <= max_failures * count:
        return sorted(failed)
    listed = "\n".join(f"  {id}: {entry['message']}" for id, entry in failed.items())
    raise FailedVideosError(
        f"{failures.stage}: {len(failed)} of {count} {job.unit} failed; the others are "
        f"done. Mend or remove these, or allow a share with --max-failures, then run "
        f"the same command again. Ledger: {failures.folder}\n{listed}"
    )


class Ledger:
    """The failures of one stage: a JSON file a video."""

    def __init__(self, workdir: Path, stage: str) -> None:
        self.stage = stage
        self.folder = workdir / "failures" / stage

    def record(self, id: str, error: BaseException) -> None:
        """Keep a video's own error; a later one replaces it."""
        entry = {"id": id, "error": type(error).__name__, "message": str(error)}
        write_json(self.folder / f"{file_name(id)}.json", entry)

    def read(self) -> dict[str, dict[str, str]]:
        """All entries by video id."""
        entries = [read_json(path) for path in sorted(self.folder.glob("*.json"))]
        return {entry["id"]: entry for entry in entries}

    def clear(self) -> None:
        """Remove all entries: the videos get another chance."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    @property
    def deaths_folder(self) -> Path:
        """How often workers died on each video, until the stage ends."""
        return self.folder / "deaths"

    def forget_deaths(self) -> None:
        """The stage has ended: what was not given up has come through."""
        shutil.rmtree(self.deaths_folder, ignore_errors=True)


def file_name(id: str) -> str:
    """A video's id as a file name, readable where it can be.

    >>> file_name("video test/1")
    'video test%2F1'
    """
    return quote(id, safe=" ()[]{}+,;=@&'!#$^~").replace("%20", " ")


def job_folder(job: Job, workdir: Path) -> Path:
    """Where a round's items, its workers' counts and their logs lie."""
    return workdir / "jobs" / job.stage


def _round(
    job: Job, items: list[Item], workdir: Path, resources: Resources, progress: Progress
) -> None:
    """One try at all items, by up to `jobs` workers."""
    folder = job_folder(job, workdir)
    shutil.rmtree(folder, ignore_errors=True)
    slices = min(resources.jobs, len(items))
    longest_first = tuple(sorted(items, key=lambda item: -item.weight))
    write_json(folder / "job.json", plain(replace(job, items=longest_first)))
    with _workers(folder, slices) as workers:
        while any(worker.poll() is None for worker in workers):
            time.sleep(POLL_SECONDS)
            progress.update(worker_progress(folder))
    progress.update(worker_progress(folder))
    for k, worker in enumerate(workers):
        _check_exit(worker.returncode, folder, k)


@contextmanager
def _workers(folder: Path, slices: int) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
    """Worker processes that never outlive this one.

    Each reads its standard input, whose other end only we hold: however we die, it
    sees the end of the file and exits. The processors are shared out among them.
    """
    threads = max(1, (os.cpu_count() or 1) // slices)
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    workers: list[subprocess.Popen[bytes]] = []
    try:
        for k in range(slices):
            with (folder / f"log-{k}.txt").open("wb") as log:
                command = [sys.executable, "-m", "pipeline.worker"]
                command += [str(folder), str(k), str(slices), "--parent"]
                workers.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.PIPE,
                        stdout=log,
                        stderr=log,
                        env=environment,
                    )
                )
        yield workers
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()
            if worker.stdin:
                worker.stdin.close()


def worker_threads() -> int:
    """Processors that the work in this process may use."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def worker_progress(folder: Path) -> float:
    """Weight that the workers of a round have done so far."""
    total = 0.0
    for path in folder.glob("progress-*.json"):
        total += read_json(path)["done"]
    return total


def _check_exit(code: int, folder: Path, k: int) -> None:
    """Pass on a worker's own end: an error that is no video's concerns everybody."""
    error = folder / f"error-{k}.json"
    if error.exists():
        raise SodaError(read_json(error)["message"])
    if code > 0:
        log = (folder / f"log-{k}.txt").read_text(errors="replace")[-4000:]
        raise SodaError(
            f"worker {k} of {folder} ended with exit code {code}; this is a fault of "
            f"the program or of its installation, its log ends:\n{log}"
        )


def _blame_deaths(job: Job, workdir: Path, failures: Ledger) -> int:
    """Count the videos that were in flight when a worker was killed.

    The counts live beside the ledger, so that a poisoned video is given up however
    the run is started.
    """
    paths = {item.id: ", ".join(item.inputs) for item in job.items}
    in_flight = list(job_folder(job, workdir).glob("in-flight-*.json"))
    for path in in_flight:
        id = read_json(path)["id"]
        counter = failures.deaths_folder / f"{file_name(id)}.json"
        deaths = 1 + (read_json(counter)["deaths"] if counter.exists() else 0)
        write_json(counter, {"id": id, "deaths": deaths})
        if deaths >= MAX_DEATHS:
            counter.unlink()
            failures.record(
                id,
                SodaError(
                    f"{paths[id]}: {deaths} workers were killed while they worked on "
                    "it, probably for want of memory; try --jobs 1 or leave it out"
                ),
            )
    return len(in_flight)
