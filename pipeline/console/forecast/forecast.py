"""How long what is left of a run would take, from what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.console.disk import TOO_SMALL, DiskNeed, disk_need, video_needs
from pipeline.console.forecast.calibration import CLIP_SECONDS, calibrate
from pipeline.console.status import Standing
from pipeline.layout import FILE_STAGES, FOLDERS
from pipeline.progress import NOTHING, count_text, duration_text
from pipeline.run.run import Run
from pipeline.stages.features import resources_of
from pipeline.workfolder.inventory import record_at
from pipeline.workfolder.layout import outputs_in


@dataclass(frozen=True)
class StageForecast:
    """What is left of one stage."""

    task: str
    done: int  # videos; 0 or 1 of a stage that is one piece of work
    to_do: int
    seconds: float | None  # that it would take; None where nobody knows


def time_text(stage: StageForecast) -> str:
    """How long a stage would take."""
    if not stage.to_do:
        return NOTHING
    return "not known" if stage.seconds is None else duration_text(stage.seconds)


@dataclass(frozen=True)
class Forecast:
    """What is left of a run."""

    stages: tuple[StageForecast, ...]
    disk: DiskNeed
    workers: int
    clip_of: Path | None  # the video that stages were tried on

    @property
    def seconds(self) -> float:
        """That all would take of which it is known."""
        return sum(stage.seconds or 0.0 for stage in self.stages)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The tasks of which it is not known how long they take."""
        return tuple(s.task for s in self.stages if s.to_do and s.seconds is None)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """A table for people: task, done, to do and time of each stage, and all."""
        stages = [
            (s.task, count_text(s.done), count_text(s.to_do), time_text(s))
            for s in self.stages
        ]
        return [*stages, ("all", "", "", duration_text(self.seconds))]

    def notes(self) -> Iterator[str]:
        """What a reader of the table must know."""
        yield f"{self.disk}; {self.workers} videos side by side (--jobs)"
        if self.clip_of:
            yield (
                f"times of stages that were never finished here: tried on "
                f"{CLIP_SECONDS:g} s of {self.clip_of}"
            )
        if self.unknown:
            yield f"time not known, and not counted: {', '.join(self.unknown)}"
        if self.disk.is_short:
            yield TOO_SMALL


def make_forecast(run: Run, standings: Sequence[Standing]) -> Forecast:
    """Estimate what is left of a run whose stages have come so far.

    A per-video stage that was once finished with these parameters is as fast as it was;
    others are tried on a few seconds of a video. A stage that is one piece of work
    takes as long as it last did in this work folder.
    """
    due = [s for s in standings if s.is_per_video and s.done < s.of]
    rates = {s.stage: s.record.rate for s in due if s.record and s.record.rate}
    unmeasured = [s.stage for s in due if s.stage not in rates]
    calibration = None
    if unmeasured and run.origin == "videos":
        calibration = calibrate(run, unmeasured)
    if calibration:
        rates = calibration.rates | rates
    return Forecast(
        stages=tuple(
            StageForecast(s.task, s.done, s.of - s.done, seconds)
            for s, seconds in zip(
                standings, _seconds(run, standings, rates), strict=True
            )
        ),
        disk=disk_need(run),
        workers=run.resources.jobs,
        clip_of=calibration.video if calibration else None,
    )


def _seconds(
    run: Run, standings: Sequence[Standing], rates: Mapping[str, float]
) -> Iterator[float | None]:
    """How long what is left of each stage would take."""
    needs = video_needs(run) if run.origin == "videos" else {}
    for standing in standings:
        stage, left = standing.stage, standing.of - standing.done
        if not left:
            yield 0.0
        elif not standing.is_per_video:
            yield _last_seconds(run, stage)
        elif stage in rates and stage in needs:
            workers = min(resources_of(run, stage).jobs, left)
            yield needs[stage].frames / rates[stage] / workers
        else:
            yield None


def _last_seconds(run: Run, stage: str) -> float | None:
    """How long a stage took when it was last done, whatever its parameters.

    Training takes the longer the more epochs it has.
    """
    paths = [path for _, path in outputs_in(run.workdir, FOLDERS.get(stage, stage))]
    if stage not in FILE_STAGES:
        paths = [path / "done.json" for path in paths]
    by_age = sorted(
        (path for path in paths if path.suffix == ".json" and path.exists()),
        key=lambda path: path.stat().st_mtime,
    )
    found = [record for path in by_age if (record := record_at(path))]
    last = next((r for r in reversed(found) if r.stage == stage), None)
    if last and stage in ("train", "refine"):
        return (
            last.seconds * run.config.train.epochs / last.parameters["train"]["epochs"]
        )
    return last.seconds if last else None
