"""How far the stages of a run have come, as their files and records say."""

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.fanout import Ledger
from pipeline.layout import PER_VIDEO
from pipeline.run.record import Record
from pipeline.run.run import Run
from pipeline.run.stage import STAGES, count_existing, done_stages

NO_VIDEOS = ("decode", "flow")  # stages that do not exist without videos


@dataclass(frozen=True)
class Standing:
    """How far one stage has come."""

    stage: str
    task: str  # the Luigi task that stands for it
    done: int  # videos; 0 or 1 of a stage that is one piece of work
    of: int
    failed: int = 0  # videos, in its last run
    record: Record | None = None  # of its last end, whatever it was made of
    is_done: bool = False  # and so is all that it needs

    @property
    def is_per_video(self) -> bool:
        """Whether it is videos that are counted."""
        return self.stage in PER_VIDEO


def overview(run: Run, name: str) -> list[Standing]:
    """How far a stage, and each that it needs, has come.

    Raises:
        UsageError: The stage works on videos, and there are none.
    """
    if run.origin != "videos" and name in NO_VIDEOS:
        raise UsageError(
            f"{STAGES[name].task}: no video is looked at where features are "
            "simulated or imported; begin with ExtractFeatures"
        )
    return [
        _standing(run, stage, is_done)
        for stage, is_done in done_stages(run, name).items()
    ]


def _standing(run: Run, stage: str, is_done: bool) -> Standing:
    task, record = STAGES[stage].task, run.record(stage)
    if stage not in PER_VIDEO:
        return Standing(stage, task, int(is_done), 1, 0, record, is_done)
    paths = STAGES[stage].outputs(run, ())
    failed = record.failed if is_done and record else Ledger(run.workdir, stage).read()
    done = count_existing(paths)
    return Standing(stage, task, done, len(paths), len(failed), record, is_done)
