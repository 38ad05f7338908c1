"""What a run says at its end: a table of stages, the results, the next command."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pipeline.console.status import Standing, overview
from pipeline.fanout import Ledger
from pipeline.progress import NOTHING, count_text, duration_text, say
from pipeline.run.command_line import command_line
from pipeline.run.run import Run
from pipeline.run.stage import STAGES, stages_up_to
from pipeline.stages.report import report_file

# The task that follows a stage, where that does not depend on the dataset.
NEXT = {
    "decode": "ExtractFeatures",
    "flow": "ExtractFeatures",
    "features": "TrainSODA",
    "points": "TrainSODA",
    "train": "DetectActions",
    "evaluate": "Report",
}


@dataclass(frozen=True)
class StageSummary:
    """One stage in a run; videos are counted, or 0 or 1 for a piece of work."""

    task: str
    before: int
    now: int
    failed: int
    left: int
    seconds: float | None  # that it took; None where it was not finished in this run

    def cells(self) -> list[str]:
        """The row of a table for people."""
        counts = [self.before, self.now, self.failed, self.left]
        time = NOTHING if self.seconds is None else duration_text(self.seconds)
        return [self.task, *map(count_text, counts), time]


def summarise_stages(
    before: Sequence[Standing], after: Sequence[Standing]
) -> list[StageSummary]:
    """What a run has done, from how far its stages had come before and after it."""
    return [
        StageSummary(
            task=new.task,
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


def close_run(run: Run, stage: str, before: Sequence[Standing]) -> None:
    """Say what was done before, now, or not at all, and what to type next."""
    table = Table("stage", box=SIMPLE)
    for name in ("done before", "done now", "failed", "left", "time"):
        table.add_column(name, justify="right")
    after = overview(run, stage)
    for row in summarise_stages(before, after):
        table.add_row(*row.cells())
    Console(stderr=True).print(table)
    if after[-1].is_done:
        tell_failures(run, stage)
        tell_results(run, stage)
    else:
        say(f"next, to go on from here: {command_line(STAGES[stage].task)}")


def tell_failures(run: Run, stage: str) -> None:
    """Name the videos whose failures were allowed."""
    for name in stages_up_to(run, stage):
        record, ledger = run.record(name), Ledger(run.workdir, name)
        if record and (count := len(record.failed)):
            say(f"{name}: {count} failed, and are left out; ledger: {ledger.folder}")
            say(ledger.listed())


def tell_results(run: Run, stage: str) -> None:
    """Say where all that was made lies, and what to type next."""
    for line in result_lines(run, stage):
        say(line)
    if command := next_command(run, stage):
        say(f"next: {command}")


def result_lines(run: Run, stage: str) -> Iterator[str]:
    """Where the results of a stage, and of those that it needs, lie."""
    chain = stages_up_to(run, stage)
    if stage in ("decode", "flow", "features"):
        yield f"{STAGES[stage].task}: {run.folder(stage)}"
    if "points" in chain:
        yield f"clicks: {run.points_file}"
    if model := [name for name in chain if name in ("train", "refine")]:
        yield f"model: {run.folder(model[-1])}"
    if "detect" in chain:
        yield f"detections: {run.detections_file}"
    if "evaluate" in chain:
        yield f"evaluation: {run.record_path('evaluate')}"
    if stage == "experiment":
        yield f"tables and figures: {run.folder(stage)}"
    if stage == "report":
        yield f"report: {report_file(run)}"


def next_command(run: Run, stage: str) -> str | None:
    """What to type after a finished stage; None where nothing follows."""
    if stage == "refine":
        return f"{command_line('DetectActions')} --model refined"
    if stage == "detect":
        return command_line("Evaluate" if run.is_scored else "Report")
    return command_line(NEXT[stage]) if stage in NEXT else None
