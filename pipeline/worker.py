"""One slice of a stage's videos: `python -m pipeline.worker JOB k n [--parent]`."""

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from pipeline.errors import SodaError, VideoError
from pipeline.fanout import Item, Ledger
from pipeline.storage import read_json, write_json

REPORT_SECONDS = 0.5


def run_slice(folder: Path, k: int, n: int) -> None:
    """Do the items k, k + n, k + 2 n, ... of a job that are not done by now.

    A `VideoError`, and any error that is not known to concern all videos, is the
    video's own: it goes to the ledger. A `SodaError` of another kind (a full disk,
    missing weights) ends the slice, since it would meet every video.
    """
    job = read_json(folder / "job.json")
    items = [Item(**{**i, "inputs": tuple(i["inputs"])}) for i in job["items"][k::n]]
    function = _resolve(job["function"])
    failures = Ledger(folder.parent.parent, job["stage"])
    report = Report(folder / f"progress-{k}.json")
    in_flight = folder / f"in-flight-{k}.json"
    for item in items:
        if not item.is_done():
            write_json(in_flight, {"id": item.id})
            _run_item(function, item, job["parameters"], report, failures)
            in_flight.unlink()
        report.finish(item.weight)


def _run_item(
    function: Callable[..., Any],
    item: Item,
    parameters: dict[str, Any],
    report: "Report",
    failures: Ledger,
) -> None:
    try:
        function(
            [Path(path) for path in item.inputs],
            Path(item.output),
            progress=lambda share: report.within(share * item.weight),
            **parameters,
            **item.arguments,
        )
        item.settle()
    except VideoError as error:
        failures.record(item.id, error)
    except SodaError:
        raise
    except Exception as error:
        traceback.print_exc()
        failures.record(item.id, _named(item, error))


def _named(item: Item, error: Exception) -> VideoError:
    paths = ", ".join(item.inputs)
    return VideoError(
        f"{paths}: {type(error).__name__}: {error}; this is not an error "
        "that the program foresaw, its traceback is in the worker's log"
    )


class Report:
    """Tells the parent, now and then, how much weight is done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.finished = 0.0
        self.last = 0.0

    def within(self, done: float) -> None:
        """So much of the present item is done."""
        now = time.monotonic()
        if now - self.last >= REPORT_SECONDS:
            self.last = now
            write_json(self.path, {"done": self.finished + done})

    def finish(self, weight: float) -> None:
        """The present item is done or has failed."""
        self.finished += weight
        self.last = 0.0
        self.within(0.0)


def _resolve(name: str) -> Callable[..., Any]:
    module, function = name.split(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return resolved


def _exit_with_parent() -> None:
    """Leave as soon as the process that holds our standard input is gone."""

    def watch() -> None:
        # Not sys.stdin.read: its lock, held by this thread, would abort a normal exit.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Run a slice; an error that concerns all videos is left in `error-k.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("k", type=int)
    parser.add_argument("n", type=int)
    parser.add_argument("--parent", action="store_true", help="exit with stdin")
    arguments = parser.parse_args()
    # The terminal's Ctrl-C reaches us too; the parent says what there is to say.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.basicConfig(level=logging.INFO)
    # Videos go side by side already; OpenCV's own threads would only compete.
    cv2.setNumThreads(1)
    if arguments.parent:
        _exit_with_parent()
    try:
        run_slice(arguments.folder, arguments.k, arguments.n)
    except SodaError as error:
        write_json(
            arguments.folder / f"error-{arguments.k}.json", {"message": str(error)}
        )
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
