"""The worker process: `python -m pipeline.fanout.worker JOB k [--parent]`."""

import argparse
import faulthandler
import logging
import math
import os
import pkgutil
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

from pipeline.errors import DamagedFileError, SodaError, VideoError
from pipeline.fanout.job import Item, read_items, read_order
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.state import Reporter
from pipeline.storage import note_written, write_json

# The messages of libraries that lack memory: PyTorch's two allocators, OpenCV, the
# system, x264, and Python and FFmpeg when they cannot start a thread.
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
    """Process the items of slice k that are not done yet.

    A `VideoError`, a damaged file of ours, or any error that is not known to concern
    all videos, belongs to the video and goes to the ledger. Any other `SodaError` (a
    full disk, missing weights) ends the slice, because it would affect every video.
    """
    order, reporter = read_order(folder), Reporter(folder, k)
    function = pkgutil.resolve_name(order.function)
    failures = Ledger(folder.parent.parent, order.stage)
    watchdog = Watchdog(order.stall_seconds)
    for item in read_items(folder, k):
        if not item.is_done():
            reporter.begin(item)
            error = _run_item(function, order.parameters, item, reporter, watchdog)
            if error:
                failures.record(item.id, error)
        reporter.finish(item)
    faulthandler.cancel_dump_traceback_later()
    reporter.end()


class Watchdog:
    """A timer that ends this process when an item makes no progress.

    A Python thread would wait forever if a decoder held the interpreter lock. The
    thread of `faulthandler` does not need that lock.
    """

    def __init__(self, stall_seconds: float) -> None:
        """Set the time limit in seconds; 0 disables the timer."""
        self.stall_seconds = stall_seconds
        self.armed = -math.inf  # time.monotonic() may start near 0

    def progress(self) -> None:
        """Restart the timer, because the item has made progress."""
        # Arming the timer costs as much as a small item, so it is not done every time.
        now = time.monotonic()
        if self.stall_seconds and now - self.armed >= self.stall_seconds / 10:
            self.armed = now
            faulthandler.dump_traceback_later(self.stall_seconds, exit=True)


def _run_item(
    function: Callable[..., Any],
    parameters: dict[str, Any],
    item: Item,
    reporter: Reporter,
    watchdog: Watchdog,
) -> SodaError | None:
    """Make the output of an item; return the error that belongs to its video."""
    watchdog.progress()

    def progress(share: float) -> None:
        watchdog.progress()
        reporter.within(share * item.weight)

    try:
        function(
            [Path(path) for path in item.inputs],
            Path(item.output),
            progress=progress,
            **parameters,
            **item.arguments,
        )
        item.settle()
        note_written(Path(item.output))
    except (VideoError, DamagedFileError) as error:
        return error
    except SodaError:
        raise
    except Exception as error:
        traceback.print_exc()
        return _named(item, error)
    return None


def _named(item: Item, error: Exception) -> VideoError:
    paths = ", ".join(item.inputs)
    if isinstance(error, MemoryError) or any(s in str(error) for s in NO_MEMORY):
        return VideoError(
            f"{paths}: there was not enough memory for it; try --jobs 1 or a machine "
            "with more memory, or leave it out"
        )
    return VideoError(
        f"{paths}: {type(error).__name__}: {error}; this error was not expected, "
        "and its traceback is in the worker's log"
    )


def _exit_with_parent() -> None:
    """Exit as soon as the process that holds our standard input has ended."""

    def watch() -> None:
        # Not sys.stdin.read: this thread would hold its lock and abort a normal exit.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Run a slice; write an error that concerns all videos to `error-k.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("k", type=int)
    parser.add_argument("--parent", action="store_true", help="exit with stdin")
    arguments = parser.parse_args()
    # The terminal's Ctrl-C reaches this process too; the parent reports it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO)
    # Videos run in parallel already; OpenCV's own threads would only compete.
    cv2.setNumThreads(1)
    if arguments.parent:
        _exit_with_parent()
    try:
        run_slice(arguments.folder, arguments.k)
    except SodaError as error:
        path = arguments.folder / f"error-{arguments.k}.json"
        with suppress(SodaError):  # a full disk has no space for this file either
            write_json(path, {"message": str(error), "exit_code": error.exit_code})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
