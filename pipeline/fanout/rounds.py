"""Rounds of workers, repeated until every item has an output or an error."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import DamagedFileError, FailedVideosError, SodaError
from pipeline.fanout.executor import Executor
from pipeline.fanout.job import (
    ORDER,
    Item,
    Job,
    Order,
    count_slices,
    forget_stale,
    read_items,
    write_round,
)
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.local import LocalExecutor
from pipeline.fanout.lock import locked
from pipeline.fanout.resources import Resources
from pipeline.fanout.slurm import SlurmExecutor
from pipeline.fanout.state import crash_of, read_states, says_stuck
from pipeline.progress import Progress, count_of
from pipeline.storage import (
    plain,
    read_json_if_whole,
    remove_temporaries,
    tell_damage,
)

# The rounds in a row that may bring nothing while the ends of workers are excused. One
# such round can be bad luck, such as a node that dies, and a second one coincidence. A
# third suggests a lasting cause, such as a time limit that is too short for any item.
MOST_IDLE_ROUNDS = 3


def run_job(job: Job, workdir: Path, resources: Resources) -> dict[str, str]:
    """Process all items, and return the errors of the failed ones by id.

    Raises:
        FailedVideosError: More videos failed than `max_failures` allows. The message
            gives their reasons, which are also in the ledger.
        DamagedFileError: An input that is a file of ours is damaged.
        SodaError: An error concerns all videos.
    """
    with locked(workdir, f"{job.stage} job") as lock:
        failures, folder = Ledger(workdir, job.stage), job.folder(workdir)
        forget_stale(job.items)
        to_do = [item for item in job.items if not item.is_done()]
        weights = [item.weight for item in to_do]
        progress = Progress(job.stage, len(job.items), weights, job.unit)
        progress.announce()
        rounds = Rounds(job, folder, resources, failures, progress, lock)
        if not rounds.is_running(to_do):
            failures.clear()
        rounds.run(to_do)
        for written in {folder, *(Path(item.output).parent for item in job.items)}:
            remove_temporaries(written)
        progress.finish()
        failures.forget_deaths()
        for damage in failures.damages():
            raise damage
        return check_failures(failures, job, folder, resources.max_failures)


class Rounds:
    """The rounds of one job."""

    def __init__(
        self,
        job: Job,
        folder: Path,
        resources: Resources,
        failures: Ledger,
        progress: Progress,
        lock: int,
    ) -> None:
        self.folder, self.failures, self.progress = folder, failures, progress
        self.stall_minutes = resources.stall_minutes
        stall = 60 * resources.stall_minutes if job.tells_progress else 0.0
        self.order = Order(job.stage, job.function, job.parameters, stall)
        self.weight_before, self.items_before = 0.0, 0  # of earlier rounds
        self.executor: Executor = (
            LocalExecutor(resources, lock)
            if resources.slurm is None
            else SlurmExecutor(resources.slurm, job.stage)
        )

    def run(self, to_do: list[Item]) -> None:
        """Repeat rounds for the items that have neither an output nor an error."""
        # `excused` are the slices whose workers ended through no fault of an item (a
        # dead node, a time limit); `deaths` is the number of other workers that died
        # while they worked on an item; `idle` is the number of rounds in a row without
        # a new output, failure or death. An idle round that was not excused would only
        # repeat itself, so it raises at once. The loop ends: with n items, at most n
        # rounds shorten `to_do`, at most n * (MAX_DEATHS - 1) others count a death (one
        # more gives the item up), and MOST_IDLE_ROUNDS idle rounds in a row raise.
        idle = 0
        while to_do:
            excused = self._round(to_do)
            deaths = self._blame_deaths(to_do, excused)
            failed = self.failures.read()
            left = [i for i in to_do if i.id not in failed and not i.is_done()]
            idle = idle + 1 if len(left) == len(to_do) and not deaths else 0
            if idle >= (MOST_IDLE_ROUNDS if excused else 1):
                how = f" ({', '.join(sorted({*excused.values()}))})" if excused else ""
                raise SodaError(
                    f"{self.order.stage}: the workers ended without finishing "
                    f"anything{how}; see their logs in {self.folder}"
                )
            to_do = left

    def is_running(self, items: list[Item]) -> bool:
        """Return whether workers from an earlier process are doing the same work."""
        folder = self.folder
        if read_json_if_whole(folder / ORDER) != plain(self.order):
            return False
        slices = (read_items(folder, k) for k in range(count_slices(folder)))
        try:
            outputs = {item.output for slice in slices for item in slice}
        except DamagedFileError as error:
            tell_damage(error)
            return False
        is_same = outputs.issuperset(item.output for item in items)
        return is_same and self.executor.is_running(folder)

    def _round(self, items: list[Item]) -> dict[int, str]:
        """Try all items once; return the excused slices, and how they ended."""
        if not self.is_running(items):
            self.executor.cancel(self.folder)
            slices = self.executor.slices(len(items))
            write_round(self.folder, self.order, items, slices)
            self.weight_before = self.progress.total - sum(i.weight for i in items)
            self.items_before = len(self.progress.to_do) - len(items)
        slices = count_slices(self.folder)
        excused = self.executor.run(self.folder, slices, self._watch)
        self._watch()
        return excused

    def _watch(self) -> None:
        states = [state for _, state in read_states(self.folder)]
        self.progress.update(
            self.weight_before + sum(state.done for state in states),
            self.items_before + sum(state.items for state in states),
        )

    def _blame_deaths(self, items: list[Item], excused: Mapping[int, str]) -> int:
        """Blame the items on which workers died by themselves; return the death count.

        An item that is done is not blamed: its worker died just after it.
        """
        paths = {i.id: ", ".join(i.inputs) for i in items if not i.is_done()}
        deaths = [
            (k, state.in_flight)
            for k, state in read_states(self.folder)
            if state.in_flight in paths and k not in excused
        ]
        for k, id in deaths:
            if says_stuck(self.folder, k):
                how = (
                    f"made no progress in it for {self.stall_minutes:g} min; fix it "
                    "or leave it out, or allow more time with --stall-minutes"
                )
            elif crash := crash_of(self.folder, k):
                how = (
                    f"crashed while they worked on it ({crash}); fix it or leave it out"
                )
            else:
                how = (
                    "were killed while they worked on it, probably for lack of memory; "
                    f"try {self.executor.more_memory} or leave it out"
                )
            self.failures.blame(id, paths[id], how)
        return len(deaths)


def check_failures(
    failures: Ledger, job: Job, logs: Path, max_failures: float
) -> dict[str, str]:
    """Return the errors in the ledger, or raise `FailedVideosError` if too many."""
    failed = {id: entry["message"] for id, entry in failures.read().items()}
    if len(failed) <= max_failures * len(job.items):
        return failed
    items = count_of(len(job.items), job.unit)
    raise FailedVideosError(
        f"{failures.stage}: {len(failed)} of {items} failed; the others are "
        f"done. Fix or remove these, or allow a share with --max-failures, then run "
        f"the same command again. Ledger: {failures.folder}; the workers' logs: "
        f"{logs}\n{failures.listed()}"
    )
