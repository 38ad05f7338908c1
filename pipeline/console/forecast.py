"""An estimate of the time that the rest of a run would take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.console.calibration import CLIP_SECONDS, calibrate
from pipeline.console.disk import TOO_SMALL, DiskNeed, disk_need, video_needs
from pipeline.console.status import StageStatus
from pipeline.layout import outputs_in
from pipeline.progress import NOTHING, count_of, count_text, duration_text
from pipeline.run.record import read_record
from pipeline.run.run import Run
from pipeline.run.stage import Stage


@dataclass(frozen=True)
class StageForecast:
    """The rest of one stage."""

    task: str
    done: int  # videos; 0 or 1 of a stage that is one piece of work
    to_do: int
    seconds: float | None  # that it would take; None if not known


def time_text(stage: StageForecast) -> str:
    """Return how long a stage would take, as text."""
    if not stage.to_do:
        return NOTHING
    return "not known" if stage.seconds is None else duration_text(stage.seconds)


@dataclass(frozen=True)
class Forecast:
    """The rest of a run."""

    stages: tuple[StageForecast, ...]
    disk: DiskNeed
    workers: int
    clip_of: Path | None  # the video that stages were tried on

    @property
    def seconds(self) -> float:
        """The time of all stages whose time is known."""
        return sum(stage.seconds or 0.0 for stage in self.stages)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The tasks whose time is not known."""
        return tuple(s.task for s in self.stages if s.to_do and s.seconds is None)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return a table: task, done, to do and time of each stage, and the total."""
        stages = [
            (s.task, count_text(s.done), count_text(s.to_do), time_text(s))
            for s in self.stages
        ]
        return [*stages, ("all", "", "", duration_text(self.seconds))]

    def notes(self) -> Iterator[str]:
        """Yield what a reader of the table must know."""
        yield f"{self.disk}; {count_of(self.workers, 'video')} side by side (--jobs)"
        if self.clip_of:
            yield (
                f"times of stages that were never finished here: tried on "
                f"{CLIP_SECONDS:g} s of {self.clip_of}"
            )
        if self.unknown:
            yield f"time not known, and not counted: {', '.join(self.unknown)}"
        if self.disk.is_short:
            yield TOO_SMALL


def make_forecast(run: Run, last: Stage, statuses: Sequence[StageStatus]) -> Forecast:
    """Estimate the rest of a run.

    A per-video stage that was once finished with these parameters is as fast as it was;
    others are tried on a few seconds of a video. A stage that is one piece of work
    takes as long as it last did in this work folder.
    """
    due = [s for s in statuses if s.stage.is_per_video and s.done < s.of]
    rates = {s.stage: s.record.rate for s in due if s.record and s.record.rate}
    unmeasured = [s.stage for s in due if s.stage not in rates]
    clip_of = None
    if unmeasured and run.origin == "videos":
        clip_of, measured = calibrate(run, unmeasured)
        rates = measured | rates
    seconds = _seconds(run, statuses, rates)
    return Forecast(
        stages=tuple(
            StageForecast(s.stage.task, s.done, s.of - s.done, time)
            for s, time in zip(statuses, seconds, strict=True)
        ),
        disk=disk_need(run, last),
        workers=run.options.jobs,
        clip_of=clip_of,
    )


def _seconds(
    run: Run, statuses: Sequence[StageStatus], rates: Mapping[Stage, float]
) -> Iterator[float | None]:
    """Yield how long the rest of each stage would take."""
    stages = [status.stage for status in statuses if status.stage.is_per_video]
    needs = video_needs(run, stages) if run.origin == "videos" else {}
    for status in statuses:
        stage, left = status.stage, status.of - status.done
        if not left:
            yield 0.0
        elif not stage.is_per_video:
            yield _last_seconds(run, stage)
        elif stage in rates and stage in needs:
            workers = min(stage.resources(run).jobs, left)
            yield needs[stage].frames / rates[stage] / workers
        else:
            yield None


def _last_seconds(run: Run, stage: Stage) -> float | None:
    """Return how long a stage took when it was last done, whatever its parameters.

    A training takes longer the more epochs it has.
    """
    results = outputs_in(run.workdir, stage.folder_name, stage.is_file)
    paths = [path if stage.is_file else path / "done.json" for _, path in results]
    found = [path for path in paths if path.suffix == ".json" and path.exists()]
    by_age = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    records = (read_record(path) for path in by_age)
    last = next((r for r in records if r and r.stage == stage.name), None)
    if last and stage.folder_name == "models":
        seconds_per_epoch = last.seconds / last.parameters["train"]["epochs"]
        return seconds_per_epoch * run.config.train.epochs
    return last.seconds if last else None
