"""What a run tells the person who started it."""

import atexit
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from types import TracebackType
from typing import IO, Any, NoReturn

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pipeline.console.disk import TOO_SMALL, DiskNeed, disk_need
from pipeline.console.forecast import make_forecast
from pipeline.console.status import Standing, overview
from pipeline.console.summary import close_run, tell_results
from pipeline.datasets import DatasetError
from pipeline.errors import AnnotationError, SodaError
from pipeline.fanout import Ledger, end_arrays, share
from pipeline.points.summary import sentences as points_sentences
from pipeline.progress import INTERRUPTED, say, say_error
from pipeline.run.command_line import command_line
from pipeline.run.run import Run
from pipeline.run.stage import STAGES, content_digest
from pipeline.stages.report import notes
from pipeline.storage import read_json

# Work folders whose run has been announced, and what keeps other datasets' runs away.
_opened: dict[str, IO[str] | None] = {}


def open_run(run: Run, stage: str) -> None:
    """Once a process, say what was done before and what is to do.

    At the end of the process it is said what has become of it, however it ends.

    Raises:
        SodaError: The dataset cannot be used; its problems are in the ledger too.
        WeightsError: The weights of a network are not to be had.
    """
    if str(run.workdir) in _opened:
        return
    _opened[str(run.workdir)] = None
    ledger = Ledger(run.workdir, "dataset")
    with warnings_held_back():
        try:
            run.dataset  # noqa: B018 - its problems replace earlier ones
            ledger.clear()
            standings = check_run(run, stage)
        except SodaError as error:
            record_problems(run, ledger, error)
            raise
        say(" | ".join(opening(run, standings)))
    videos = {s.stage: s.of - s.done for s in standings if s.is_per_video}
    if "features" in videos:
        say("; ".join(notes(run)))
        if any(videos.values()):
            say_need(disk_need(run))
    if standings[-1].is_done:
        say("Nothing to do: all of it was done before, with the same parameters.")
        close_stage(run, stage)
        tell_results(run, stage)
    else:
        _opened[str(run.workdir)] = share(
            run.workdir,
            content_digest(run),
            lambda: end_arrays(run.workdir, run.resources.slurm),
        )
        atexit.register(close_run, run, stage, standings)


def check_run(run: Run, stage: str) -> list[Standing]:
    """How far a run has come; what its user must mend is found before any work.

    Raises:
        SodaError: Something that was asked for cannot be done.
        WeightsError: The weights of a network are not to be had.
    """
    standings = overview(run, stage)
    if stage in ("evaluate", "experiment"):
        run.check_scored()
    if stage == "experiment":
        run.config.experiment.check_chosen()
    run.device_of("features")  # a device that is not there is said now,
    run.human_clicks  # noqa: B018 - and so are clicks that make no sense
    return standings


def opening(run: Run, standings: list[Standing]) -> Iterator[str]:
    """The parts of the first line: what is worked on, and how far it has come."""
    yield f"SODA  {run.dataset.name}: {len(run.dataset.videos)} videos"
    for standing in standings:
        if standing.is_per_video:
            left = standing.of - standing.done
            yield f"{standing.task} done before: {standing.done}, to do: {left}"


def print_plan(run: Run, stage: str) -> None:
    """Say what a run would do, how long that takes and how much disk it needs.

    Raises:
        SodaError: Something that was asked for cannot be done.
        WeightsError: The weights of a network are not to be had.
    """
    with warnings_held_back():
        standings = check_run(run, stage)
        say(next(opening(run, standings)))
        say("a dry run: nothing is done")
    if any(standing.stage == "features" for standing in standings):
        say("; ".join(notes(run)))
    forecast = make_forecast(run, standings)
    table = Table("stage", box=SIMPLE)
    for name in ("done before", "to do", "time, about"):
        table.add_column(name, justify="right")
    for row in forecast.rows():
        table.add_row(*row)
    Console().print(table)
    for line in forecast.notes():
        print(line)
    print(f"to do it: {command_line(STAGES[stage].task)}".replace(" --dry-run", ""))


def say_need(need: DiskNeed) -> None:
    """Say how much disk the work will take, and what to do if that is too much."""
    say(str(need))
    if need.is_short:
        say(TOO_SMALL)


@contextmanager
def warnings_held_back() -> Iterator[None]:
    """Print what is logged meanwhile afterwards, so that the plan comes first."""
    target = logging.StreamHandler()
    target.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    buffer = MemoryHandler(1000, flushLevel=logging.CRITICAL + 1, target=target)
    logger = logging.getLogger("soda")
    logger.addHandler(buffer)
    try:
        yield
    finally:
        logger.removeHandler(buffer)
        buffer.close()
        logger.addHandler(target)


def record_problems(run: Run, ledger: Ledger, error: SodaError) -> None:
    """Put what keeps a run from starting into the ledger, by video where it has one."""
    ledger.clear()
    if not isinstance(error, DatasetError):
        ledger.record(run.dataset_name, error)
        return
    for problem in error.problems:
        id = problem.video_id or run.dataset_name
        ledger.record(id, AnnotationError(problem.text))


def close_stage(run: Run, stage: str) -> None:
    """Say what a finished stage has found."""
    if stage == "points":
        for sentence in points_sentences(read_json(run.record_path(stage))):
            say(sentence)
    if stage == "evaluate":
        print_evaluation(read_json(run.record_path(stage)))
    if stage == "experiment":
        for path in sorted(run.folder(stage).glob("*.md")):
            print(path.read_text(encoding="utf-8"))


def print_evaluation(result: dict[str, Any]) -> None:
    """The figures as a table: a row a class, a column a threshold."""
    counts = result["videos"]
    table = Table(
        title=f"Average precision in %, {result['evaluator']} rule, "
        f"{counts['scored']} of {counts['of']} {result['subset']} videos",
        caption="\n".join(
            [f"{result['ap']} average precision", *result.get("notes", [])]
        ),
    )
    table.add_column("class")
    for name in result["map"]:
        table.add_column(f"@{name}", justify="right")
    table.add_column("mean", justify="right")
    for label, values in result["classes"].items():
        add_figures(table, label, values, sum(values.values()) / len(values))
    table.add_section()
    add_figures(table, "mAP", result["map"], result["average_map"])
    if ends := result["bootstrap"]:
        add_figures(table, "95 % from", ends["low"], ends["average_low"])
        add_figures(table, "to", ends["high"], ends["average_high"])
    Console().print(table)
    for sentence in oddities(result):
        say(sentence)
    if "diagnosis" in result:
        print(localization_line(result["diagnosis"]))


def add_figures(table: Table, name: str, values: dict[str, float], mean: float) -> None:
    """Add a row of percentages, one a threshold, and their mean."""
    table.add_row(name, *(f"{value:.1f}" for value in [*values.values(), mean]))


def oddities(result: dict[str, Any]) -> Iterator[str]:
    """What a reader of an evaluation's figures must know of its input."""
    if count := result["videos"]["unlisted"]:
        yield (
            f"{count} video(s) with detections are not in the ground truth; by this "
            "rule their detections count as false positives"
        )
    odd = result["oddities"]
    if unknown := odd["unknown_classes"]:
        yield (
            f"{sum(unknown.values())} detection(s) of classes that the ground truth "
            f"does not hold are ignored: {', '.join(sorted(unknown))}"
        )
    if count := odd["empty_detections"]:
        yield f"{count} detection(s) have no length and count as false positives"
    if count := odd["early_detections"]:
        yield f"{count} detection(s) start before 0 s and are scored as they are"
    if count := odd["empty_instances"]:
        yield f"{count} instance(s) of the ground truth have no length: not to be found"


def localization_line(diagnosis: dict[str, Any]) -> str:
    """How many instances are mislocalized, and in which way."""
    counts = diagnosis["localization"]
    shown = ", ".join(f"{count} {state}" for state, count in counts.items())
    total = sum(counts.values())
    return f"localization at tIoU {diagnosis['tiou']:g}: {shown}, of {total} instances"


def fail(error: Any) -> NoReturn:
    """End the program with an error's sentence and exit code."""
    say_error(error)
    raise SystemExit(error.exit_code)


def hush_luigi() -> None:
    """Keep Luigi from printing a traceback where one sentence says it all."""

    def is_wanted(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, SodaError)

    logging.getLogger("luigi-interface").addFilter(is_wanted)


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]


def hush_tracebacks(otherwise: Hook, *plain: type[BaseException]) -> Hook:
    """An exception hook that answers Ctrl-C, and some errors, with one line."""

    def hook(
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            say(f"\n{INTERRUPTED}")
        elif issubclass(kind, plain):
            say_error(error)
        else:
            otherwise(kind, error, traceback)

    return hook
