"""What a run tells the person who started it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from types import TracebackType
from typing import IO, Any, NoReturn

from rich.console import Console
from rich.table import Table

from extractors.weights import WeightsError
from pipeline.datasets import DatasetError
from pipeline.disk import DiskNeed, disk_need
from pipeline.errors import AnnotationError, SodaError
from pipeline.fanout import Ledger, share
from pipeline.points.summary import sentences as points_sentences
from pipeline.progress import say
from pipeline.reporting import command_line, notes, report_file
from pipeline.run import Run
from pipeline.stages import content_digest, is_done, plan
from pipeline.storage import read_json

# Work folders whose run has been announced, and what keeps other datasets' runs away.
_opened: dict[str, IO[str] | None] = {}


def open_run(run: Run, stage: str) -> None:
    """Once a process, say what was done before and what is to do.

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
            videos = run.dataset.videos
            ledger.clear()
            rows = plan(run, stage)
            if stage in ("evaluate", "experiment"):
                run.check_scored()
            if stage == "experiment":
                run.config.experiment.check_chosen()
            run.torch_device  # noqa: B018 - a device that is not there is said now,
            run.human_clicks  # noqa: B018 - and so are clicks that make no sense
        except (SodaError, WeightsError) as error:
            record_problems(run, ledger, error)
            raise
        counts = [
            f"{task} done before: {done}, to do: {count - done}"
            for task, done, count in rows
        ]
        say(" | ".join([f"SODA  {run.dataset.name}: {len(videos)} videos", *counts]))
    if rows[-1][0] == "ExtractFeatures":
        say("; ".join(notes(run)))
        if any(done < count for _, done, count in rows):
            say_need(disk_need(run))
    if is_done(run, stage):
        say("Nothing to do: all of it was done before, with the same parameters.")
        close_stage(run, stage)
    else:
        _opened[str(run.workdir)] = share(run.workdir, content_digest(run))


def say_need(need: DiskNeed) -> None:
    """Say how much disk the work will take, and what to do if that is too much."""
    say(str(need))
    if need.needed_bytes > need.free_bytes:
        say(
            "warning: the disk may be too small; --cache features keeps no frames and "
            "no flow, --workdir takes another disk"
        )


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


def record_problems(run: Run, ledger: Ledger, error: SodaError | WeightsError) -> None:
    """Put what keeps a run from starting into the ledger, by video where it has one."""
    ledger.clear()
    if not isinstance(error, DatasetError):
        ledger.record(run.dataset_name, error)
        return
    for problem in error.problems:
        id = problem.video_id or run.dataset_name
        ledger.record(id, AnnotationError(problem.text))


def close_stage(run: Run, stage: str) -> None:
    """Say what a finished stage has found, and what to do next."""
    if stage == "points":
        for sentence in points_sentences(read_json(run.record_path(stage))):
            say(sentence)
        say(f"clicks: {run.points_file}")
    if stage == "evaluate":
        path = run.record_path("evaluate")
        print_evaluation(read_json(path))
        say(f"detections: {run.detections_file}\nevaluation: {path}")
        say(f"next, a page to look at: {command_line('Report')}")
    if stage == "experiment":
        for path in sorted(run.folder(stage).glob("*.md")):
            print(path.read_text(encoding="utf-8"))
        say(f"tables and figures: {run.folder(stage)}")
    if stage == "report":
        say(f"report: {report_file(run)}")


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


def say_error(error: BaseException) -> None:
    """Tell the user what went wrong, in the error's own sentence."""
    say(f"error: {error}")


def fail(error: Any) -> NoReturn:
    """End the program with an error's sentence and exit code."""
    say_error(error)
    raise SystemExit(error.exit_code)


def hush_luigi() -> None:
    """Keep Luigi from printing a traceback where one sentence says it all."""

    def is_wanted(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, SodaError | WeightsError)

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
            say("\ninterrupted; run the same command again to go on from here")
        elif issubclass(kind, plain):
            say_error(error)
        else:
            otherwise(kind, error, traceback)

    return hook
