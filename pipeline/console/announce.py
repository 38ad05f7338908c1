"""The start of a run: what was done before, what is due, and its plan."""

import atexit
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from typing import IO, Any, NoReturn

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pipeline.console.disk import TOO_SMALL, DiskNeed, disk_need
from pipeline.console.forecast import make_forecast
from pipeline.console.status import StageStatus, read_status
from pipeline.console.summary import close_run, tell_results
from pipeline.datasets import DatasetError
from pipeline.errors import AnnotationError, SodaError
from pipeline.fanout import Ledger, end_arrays, share
from pipeline.points.human import NO_FILE
from pipeline.progress import INTERRUPTED, count_of, say, say_error
from pipeline.run.cluster import COMMON
from pipeline.run.command_line import command_line
from pipeline.run.notes import notes
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.run.work import check_stages
from pipeline.storage import fingerprint

# Work folders whose run has been announced, and what keeps other datasets' runs away.
_opened: dict[str, IO[str] | None] = {}


def open_run(run: Run, last: Stage) -> None:
    """Once per process, print what was done before and what is due.

    At the end of the process a summary is printed, however it ends. Until then, runs
    of other videos or clicks wait for the work folder.

    Raises:
        SodaError: The dataset cannot be used; its problems are in the ledger too.
    """
    if str(run.workdir) in _opened:
        return
    _opened[str(run.workdir)] = None
    ledger = Ledger(run.workdir, "dataset")
    with warnings_held_back():
        try:
            run.dataset  # noqa: B018 - its problems replace earlier ones
            ledger.clear()
            statuses = check_run(run, last)
        except SodaError as error:
            record_problems(run, ledger, error)
            raise
        say(" | ".join(opening(run, statuses)))
    say_clicks(run, last)
    if "features" in last.flags:
        say("; ".join(notes(run)))
        if any(s.done < s.of for s in statuses if s.stage.is_per_video):
            say_need(disk_need(run, last))
    if statuses[-1].is_done:
        say("Nothing to do: everything was done before, with the same parameters.")
        last.report(run)
        tell_results(run, last)
    else:
        _opened[str(run.workdir)] = share(
            run.workdir,
            content_digest(run, last),
            lambda: end_arrays(run.workdir, run.slurm[COMMON] if run.slurm else None),
        )
        atexit.register(close_run, run, last, statuses)


def content_digest(run: Run, last: Stage) -> str:
    """Hash every input that no fingerprint covers, chiefly the dataset."""
    dataset, first = run.dataset, last.chain(run)[0]
    clicks = run.human_clicks if "points" in last.flags else None
    origins = [dataset.classes, dataset.videos, clicks]
    inputs = [*origins, run.options.points_fps]
    return fingerprint([run.options.cache, first.content(run), inputs])


def check_run(run: Run, last: Stage) -> list[StageStatus]:
    """Return the progress of a run; find what its user must fix before any work.

    Raises:
        SodaError: Something that was asked for cannot be done.
    """
    check_stages(run, last)
    statuses = read_status(run, last)
    if run.options.device != "auto":  # which always exists, and asks PyTorch
        run.device_of(COMMON)
    return statuses


def opening(run: Run, statuses: list[StageStatus]) -> Iterator[str]:
    """Yield the parts of the first line: the dataset, and the progress so far."""
    yield f"SODA  {run.dataset.name}: {count_of(len(run.dataset.videos), 'video')}"
    for status in statuses:
        if status.stage.is_per_video:
            left = status.of - status.done
            yield f"{status.stage.task} done before: {status.done}, to do: {left}"


def print_plan(run: Run, last: Stage) -> None:
    """Print what a run would do, how long it would take and how much disk it needs.

    Raises:
        SodaError: Something that was asked for cannot be done.
    """
    with warnings_held_back():
        statuses = check_run(run, last)
        say(next(opening(run, statuses)))
        say("a dry run: nothing is done")
    say_clicks(run, last)
    if "features" in last.flags:
        say("; ".join(notes(run)))
    forecast = make_forecast(run, last, statuses)
    table = Table("stage", box=SIMPLE)
    for name in ("done before", "to do", "time, about"):
        table.add_column(name, justify="right")
    for row in forecast.rows():
        table.add_row(*row)
    Console().print(table)
    for line in forecast.notes():
        print(line)
    typed = command_line(last.task, last.task)
    print(f"to do it: {typed}".replace(" --dry-run", ""))


def say_clicks(run: Run, last: Stage) -> None:
    """Print that clicks are used that nobody asked for by their name."""
    if "points" not in last.flags or not run.saved_clicks:
        return
    human = run.human_clicks
    videos = human.in_training(run.dataset).values() if human else []
    say(
        f"clicks: {sum(map(len, videos))} in {len(videos)} training videos, with those "
        f"of {run.saved_clicks}; --points-file {NO_FILE} leaves that file out"
    )


def say_need(need: DiskNeed) -> None:
    """Print how much disk the work will take, and what to do if that is too much."""
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
        ledger.record(run.options.dataset, error)
        return
    for problem in error.problems:
        id = problem.video_id or run.options.dataset
        ledger.record(id, AnnotationError(problem.text))


def fail(error: Any) -> NoReturn:
    """End the program with an error's sentence and exit code."""
    say_error(error)
    raise SystemExit(error.exit_code)


def hush_tracebacks(
    otherwise: Callable[..., Any], *plain: type[BaseException]
) -> Callable[..., None]:
    """Return an exception hook that reports Ctrl-C, and some errors, in one line."""

    def hook(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            say(f"\n{INTERRUPTED}")
        elif issubclass(kind, plain):
            say_error(error)
        else:
            otherwise(kind, error, traceback)

    return hook
