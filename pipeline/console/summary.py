"""The end of a run: a table of stages, the results, the next command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pipeline.console.status import StageStatus, read_status
from pipeline.fanout import Ledger
from pipeline.progress import NOTHING, count_text, duration_text, say
from pipeline.run.command_line import command_line
from pipeline.run.run import Run
from pipeline.run.stage import Stage


@dataclass(frozen=True)
class StageSummary:
    """One stage in a run; counts are of videos, or 0 or 1 for one piece of work."""

    task: str
    before: int
    now: int
    failed: int
    left: int
    seconds: float | None  # that it took; None if it was not finished in this run

    def cells(self) -> list[str]:
        """Return the row of a table."""
        counts = [self.before, self.now, self.failed, self.left]
        time = NOTHING if self.seconds is None else duration_text(self.seconds)
        return [self.task, *map(count_text, counts), time]


def summarise_stages(
    before: Sequence[StageStatus], after: Sequence[StageStatus]
) -> list[StageSummary]:
    """Return what a run has done, from the progress before and after it."""
    return [
        StageSummary(
            task=new.stage.task,
            before=min(old.done, new.done),
            now=max(new.done - old.done, 0),
            failed=new.failed,
            left=max(new.of - new.done - new.failed, 0),
            seconds=new.record.seconds
            if new.record and new.record != old.record
            else None,
        )
        for old, new in zip(before, after, strict=True)
    ]


def close_run(run: Run, last: Stage, before: Sequence[StageStatus]) -> None:
    """Print what was done before, now, or not at all, and what to type next."""
    table = Table("stage", box=SIMPLE)
    for name in ("done before", "done now", "failed", "left", "time"):
        table.add_column(name, justify="right")
    after = read_status(run, last)
    for row in summarise_stages(before, after):
        table.add_row(*row.cells())
    Console(stderr=True).print(table)
    if after[-1].is_done:
        tell_failures(run, last)
        tell_results(run, last)
    else:
        say(f"next, to continue from here: {command_line(last.task, last.task)}")


def tell_failures(run: Run, last: Stage) -> None:
    """Name the videos whose failures were allowed."""
    for stage in last.chain(run):
        record, ledger = stage.record(run), Ledger(run.workdir, stage.name)
        if record and (count := len(record.failed)):
            where = f"ledger: {ledger.folder}"
            say(f"{stage.name}: {count} failed, and are left out; {where}")
            say(ledger.listed())


def tell_results(run: Run, last: Stage) -> None:
    """Print where the results are, and what to type next."""
    for label, path in results(run, last).items():
        say(f"{label}: {path}")
    if command := next_command(run, last):
        say(f"next: {command}")


def results(run: Run, last: Stage) -> dict[str, Path]:
    """Return the results of a stage, and of those that it needs, by their labels.

    Caches of the videos are left out, unless they are what was asked for. Of two
    models, the second one counts.
    """
    shown = [s for s in last.chain(run) if s is last or not s.is_per_video]
    return {stage.label or stage.task: stage.result_path(run) for stage in shown}


def next_command(run: Run, last: Stage) -> str | None:
    """Return what to type after a finished stage; None if nothing follows."""
    following = last.next(run)
    return command_line(following, last.task) if following else None
