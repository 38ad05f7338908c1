"""The progress of a run's stages, according to their files and records."""

from dataclasses import dataclass

from pipeline.fanout import Ledger
from pipeline.run.record import Record
from pipeline.run.run import Run
from pipeline.run.stage import Stage, count_existing
from pipeline.run.work import done_stages, videos_due


@dataclass(frozen=True)
class StageStatus:
    """The progress of one stage."""

    stage: Stage
    done: int  # videos; 0 or 1 for a stage that is one piece of work
    of: int
    failed: int = 0  # videos, in its last run
    record: Record | None = None  # of its last end, whatever it was made from
    is_done: bool = False  # and so is everything that it needs


def read_status(run: Run, last: Stage) -> list[StageStatus]:
    """Return the progress of a stage, and of each that it needs."""
    done = done_stages(run, last)
    return [_status(run, stage, is_done) for stage, is_done in done.items()]


def _status(run: Run, stage: Stage, is_done: bool) -> StageStatus:
    record = stage.record(run)
    if not stage.is_per_video:
        return StageStatus(stage, int(is_done), 1, 0, record, is_done)
    paths, ledger = stage.expected(run), Ledger(run.workdir, stage.name)
    failed = record.failed if is_done and record else ledger.read()
    done = (
        count_existing(paths) if is_done else len(paths) - len(videos_due(run, stage))
    )
    return StageStatus(stage, done, len(paths), len(failed), record, is_done)
