"""Rounds of workers, until every item has its output or its error."""

from pathlib import Path

from pipeline.errors import FailedVideosError, SodaError
from pipeline.fanout.executor import Executor
from pipeline.fanout.job import Item, Job, Order, read_order, write_round
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.local import LocalExecutor
from pipeline.fanout.lock import locked
from pipeline.fanout.logs import crash_of, says_stuck
from pipeline.fanout.resources import Resources
from pipeline.fanout.stamps import forget_stale
from pipeline.fanout.state import read_states
from pipeline.progress import Progress
from pipeline.storage import remove_temporaries

# Rounds one after the other that may end, through no item's fault, without an output.
MOST_IDLE_ROUNDS = 3


def run_job(job: Job, workdir: Path, resources: Resources) -> dict[str, str]:
    """Bring all items to their outputs; returns why some failed for good, by id.

    Raises:
        FailedVideosError: More videos failed than `max_failures` allows; each is
            named with its reason, and the ledger holds the same.
        SodaError: Something concerns all videos.
    """
    with locked(workdir, f"{job.stage} job") as lock:
        failures = Ledger(workdir, job.stage)
        forget_stale(job.items)
        to_do = [item for item in job.items if not item.is_done()]
        failures.clear()
        weights = [item.weight for item in to_do]
        progress = Progress(job.stage, len(job.items), weights, job.unit)
        progress.announce()
        executor = LocalExecutor(resources, lock)
        Rounds(job, workdir, resources, failures, progress, executor).run(to_do)
        for folder in {Path(item.output).parent for item in job.items}:
            remove_temporaries(folder)
        remove_temporaries(job.folder(workdir))
        progress.finish()
        failures.forget_deaths()
        return check_failures(failures, job, resources.max_failures)


class Rounds:
    """The rounds of one job."""

    def __init__(
        self,
        job: Job,
        workdir: Path,
        resources: Resources,
        failures: Ledger,
        progress: Progress,
        executor: Executor,
    ) -> None:
        self.failures, self.progress, self.executor = failures, progress, executor
        self.folder = job.folder(workdir)
        self.stall_minutes = resources.stall_minutes
        stall = 60 * resources.stall_minutes if job.tells_progress else 0.0
        self.order = Order(job.stage, job.function, job.parameters, stall)

    def run(self, to_do: list[Item]) -> None:
        """Repeat rounds for what is missing without an error of its own."""
        idle = 0
        while to_do:
            excused = self._round(to_do)
            deaths = self._blame_deaths(to_do, excused)
            failed = self.failures.read()
            left = [i for i in to_do if i.id not in failed and not i.is_done()]
            idle = idle + 1 if len(left) == len(to_do) and not deaths else 0
            if idle >= (MOST_IDLE_ROUNDS if excused else 1):
                raise SodaError(
                    f"{self.order.stage}: the workers ended without doing anything, "
                    f"see their logs in {self.folder}"
                )
            to_do = left

    def _round(self, items: list[Item]) -> set[int]:
        """One try at all items; the slices that ended through no fault of theirs."""
        if not self._is_running():
            slices = self.executor.slices(len(items))
            write_round(self.folder, self.order, items, slices)
        count = len(list(self.folder.glob("items-*.jsonl")))
        excused = self.executor.run(self.folder, count, self._watch)
        self._watch()
        return excused

    def _is_running(self) -> bool:
        """Whether workers that an earlier process has started do the same work."""
        is_there = (self.folder / "order.json").exists()
        return (
            is_there
            and read_order(self.folder) == self.order
            and self.executor.is_running(self.folder)
        )

    def _watch(self) -> None:
        self.progress.update(sum(state.done for _, state in read_states(self.folder)))

    def _blame_deaths(self, items: list[Item], excused: set[int]) -> int:
        """Count the videos that were in flight when a worker died by itself."""
        paths = {item.id: ", ".join(item.inputs) for item in items}
        deaths = [
            (k, state.in_flight)
            for k, state in read_states(self.folder)
            if state.in_flight and k not in excused
        ]
        for k, id in deaths:
            if says_stuck(self.folder, k):
                how = (
                    f"made no progress in it for {self.stall_minutes:g} min; mend it "
                    "or leave it out, or allow more with --stall-minutes"
                )
            elif crash := crash_of(self.folder, k):
                how = (
                    f"crashed while they worked on it ({crash}); mend it or leave it "
                    "out"
                )
            else:
                how = (
                    "were killed while they worked on it, probably for want of memory; "
                    "try --jobs 1 or leave it out"
                )
            self.failures.blame(id, paths.get(id, id), how)
        return len(deaths)


def check_failures(failures: Ledger, job: Job, max_failures: float) -> dict[str, str]:
    """What the ledger holds, if it is little enough, else `FailedVideosError`."""
    failed = {id: entry["message"] for id, entry in failures.read().items()}
    count = len(job.items)
    if len(failed) <= max_failures * count:
        return failed
    listed = "\n".join(f"  {id}: {message}" for id, message in failed.items())
    raise FailedVideosError(
        f"{failures.stage}: {len(failed)} of {count} {job.unit} failed; the others are "
        f"done. Mend or remove these, or allow a share with --max-failures, then run "
        f"the same command again. Ledger: {failures.folder}\n{listed}"
    )
