"""A slice of a stage's videos: `python -m pipeline.fanout.worker JOB k [--parent]`."""

import argparse
import faulthandler
import importlib
import logging
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2

from pipeline.errors import SodaError, VideoError
from pipeline.fanout.job import Item, Order, read_items, read_order
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.state import Reporter
from pipeline.storage import write_json

# How libraries say that there is not enough memory: PyTorch's two allocators, OpenCV,
# the system, x264, and Python and FFmpeg where a thread finds none.
NO_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "Insufficient memory",
    "Cannot allocate memory",
    "Generic error in an external library",
    "can't start new thread",
    "Resource temporarily unavailable",
)


def run_slice(folder: Path, k: int) -> None:
    """Do the items of slice k that are not done by now.

    A `VideoError`, and any error that is not known to concern all videos, is the
    video's own: it goes to the ledger. A `SodaError` of another kind (a full disk,
    missing weights) ends the slice, since it would meet every video.
    """
    order, reporter = read_order(folder), Reporter(folder, k)
    function = _resolve(order.function)
    failures = Ledger(folder.parent.parent, order.stage)
    watchdog = Watchdog(order.stall_seconds)
    for item in read_items(folder, k):
        if not item.is_done():
            reporter.begin(item.id)
            _run_item(function, item, order, reporter, failures, watchdog)
        reporter.finish(item.weight)
    watchdog.cancel()
    reporter.end()


class Watchdog:
    """Ends this process when an item makes no progress.

    A thread of Python would wait for ever where a decoder holds the interpreter; the
    fault handler's does not need it.
    """

    def __init__(self, stall_seconds: float) -> None:
        """With 0, nothing is watched."""
        self.stall_seconds = stall_seconds
        self.armed = -math.inf  # the clock begins when the machine does

    def progress(self) -> None:
        """Something was done."""
        # Arming takes as long as a small item's work.
        now = time.monotonic()
        if self.stall_seconds and now - self.armed >= self.stall_seconds / 10:
            self.armed = now
            faulthandler.dump_traceback_later(self.stall_seconds, exit=True)

    def cancel(self) -> None:
        """Nothing more is expected."""
        faulthandler.cancel_dump_traceback_later()


def _run_item(
    function: Callable[..., Any],
    item: Item,
    order: Order,
    reporter: Reporter,
    failures: Ledger,
    watchdog: Watchdog,
) -> None:
    watchdog.progress()

    def progress(share: float) -> None:
        watchdog.progress()
        reporter.within(share * item.weight)

    try:
        function(
            [Path(path) for path in item.inputs],
            Path(item.output),
            progress=progress,
            **order.parameters,
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
    if isinstance(error, MemoryError) or any(s in str(error) for s in NO_MEMORY):
        return VideoError(
            f"{paths}: there was not enough memory for it; try --jobs 1, a machine "
            "with more, or leave it out"
        )
    return VideoError(
        f"{paths}: {type(error).__name__}: {error}; this is not an error "
        "that the program foresaw, its traceback is in the worker's log"
    )


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
    parser.add_argument("--parent", action="store_true", help="exit with stdin")
    arguments = parser.parse_args()
    # The terminal's Ctrl-C reaches us too; the parent says what there is to say.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO)
    # Videos go side by side already; OpenCV's own threads would only compete.
    cv2.setNumThreads(1)
    if arguments.parent:
        _exit_with_parent()
    try:
        run_slice(arguments.folder, arguments.k)
    except SodaError as error:
        path = arguments.folder / f"error-{arguments.k}.json"
        with suppress(SodaError):  # a full disk takes no file that says so
            write_json(path, {"message": str(error), "exit_code": error.exit_code})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
