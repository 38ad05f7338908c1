"""The end of a run: a table of stages, the results, the next command."""

from collections.abc import Sequence
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


def close_run(run: Run, last: Stage, before: Sequence[StageStatus]) -> None:
    """Print what was done before, now, or not at all, and what to type next."""
    table = Table("stage", box=SIMPLE)
    for name in ("done before", "done now", "failed", "left", "time"):
        table.add_column(name, justify="right")
    after = read_status(run, last)
    for old, new in zip(before, after, strict=True):
        table.add_row(*summary_row(old, new))
    Console(stderr=True).print(table)
    if after[-1].is_done:
        tell_failures(run, last)
        tell_results(run, last)
    else:
        say(f"next, to continue from here: {command_line(last.task, last.task)}")


def summary_row(old: StageStatus, new: StageStatus) -> list[str]:
    """Return the row of a stage, from its progress before and after a run.

    It has a time only if the stage was finished in this run.
    """
    counts = [
        min(old.done, new.done),
        max(new.done - old.done, 0),
        new.failed,
        max(new.of - new.done - new.failed, 0),
    ]
    record = new.record if new.record != old.record else None
    time = duration_text(record.seconds) if record else NOTHING
    return [new.stage.task, *map(count_text, counts), time]


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
