"""Progress for people while a stage runs: what is done, and when it will end."""

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

LINE_SECONDS = 30.0
TELL_SECONDS = 5.0  # between two reports to listeners
BAR_CELLS = 24
NOTHING = "–"  # a count of 0 in a table
SHOWN = 5  # names or places of one kind that a message lists
INTERRUPTED = "interrupted; run the same command again to go on from here"

T = TypeVar("T")
ShareDone = Callable[[float], None]
Listener = Callable[[str, float], None]  # takes a line of text and the share done

_listeners: list[Listener] = []


@dataclass
class Progress:
    """A bar with an ETA on a terminal; elsewhere, a line every 30 seconds.

    The ETA follows from the weight that this run has done, such as seconds of video,
    and not from the number of files.
    """

    stage: str
    count: int  # of all items
    to_do: Sequence[float]  # weights of the items that are not done
    unit: str = "video"

    def __post_init__(self) -> None:
        self.total = sum(self.to_do)
        self.began = time.monotonic()
        self.last_line = self.last_told = self.began
        self.fraction, self.items = 0.0, 0

    def announce(self) -> None:
        """Print the number of items that were done before and that are left to do."""
        before = self.count - len(self.to_do)
        say(
            f"{self.stage}: {count_of(self.count, self.unit)}, "
            f"done before: {before}, to do: {len(self.to_do)}"
        )

    def update(self, done: float, items: int | None = None) -> None:
        """Show how much of the weight, and how many items, are done.

        Without `items`, each item weighs 1, and the weight is their number.
        """
        self.fraction = min(done / self.total, 1.0) if self.total else 1.0
        self.items = min(int(done) if items is None else items, len(self.to_do))
        now = time.monotonic()
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{self.line()}")
            sys.stderr.flush()
        elif now - self.last_line >= LINE_SECONDS:
            self.last_line = now
            say(self.line())
        if now - self.last_told >= TELL_SECONDS:
            self.last_told = now
            self._tell(self.line())

    def clear(self) -> None:
        """Remove the bar from the terminal."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")

    def finish(self) -> None:
        """Remove the bar and print how long the work took."""
        self.clear()
        if self.to_do:
            elapsed = duration_text(time.monotonic() - self.began)
            done = count_of(len(self.to_do), self.unit)
            line = f"{self.stage}: {done} in {elapsed}"
            say(line)
            self._tell(line)

    def line(self) -> str:
        """Return the bar, the items and the share done, and the remaining time."""
        share, eta = self.fraction, "--:--:--"
        bar = ("#" * int(share * BAR_CELLS)).ljust(BAR_CELLS, "-")
        if share:
            elapsed = time.monotonic() - self.began
            eta = duration_text(elapsed * (1 - share) / share)
        items = f"{self.items}/{len(self.to_do)}"
        return f"{self.stage}  {bar}  {items}  {share:4.0%}  ETA {eta}"

    def _tell(self, line: str) -> None:
        for listener in _listeners:
            listener(line, self.fraction)

    def __enter__(self) -> "Progress":
        self.announce()
        return self

    def __exit__(self, *_: Any) -> None:
        self.finish()


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Report the progress to a listener as well, within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class Ended(KeyboardInterrupt):
    """The end that a signal asks for, with the exit code by which shells know it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def heed_signals() -> None:
    """Let SIGTERM, and SIGHUP of a closed terminal, end the program as Ctrl-C does.

    What is ignored stays ignored: `nohup` ignores SIGHUP.
    """

    def interrupt(number: int, _: Any) -> None:
        raise Ended(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            with suppress(ValueError):  # only the main thread may set it
                signal.signal(number, interrupt)


def silent(_: float) -> None:
    """Ignore the progress."""


def counted(
    items: Iterable[T], count: float, progress: ShareDone, before: int = 0
) -> Iterator[T]:
    """Pass items on, and report the share of `count` that has come."""
    for index, item in enumerate(items, start=before + 1):
        yield item
        progress(index / count)


def say(text: str) -> None:
    """Print a line to the user, on standard error."""
    print(text, file=sys.stderr, flush=True)


def say_error(error: BaseException) -> None:
    """Print the message of an error to the user."""
    say(f"error: {error}")


def shown(names: Iterable[str], quoted: bool = True) -> str:
    """Write the first few names and the number of further ones.

    >>> shown("abcdefg")
    "'a', 'b', 'c', 'd', 'e' and 2 more"
    """
    texts = [repr(name) if quoted else name for name in names]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


def count_text(count: int) -> str:
    """Return a count as tables show it.

    >>> count_text(7), count_text(0)
    ('7', '–')
    """
    return str(count or NOTHING)


def count_of(count: int, one: str, many: str = "") -> str:
    """Return a count with what is counted, in English; `many` defaults to the plural.

    >>> count_of(1, "video"), count_of(2, "training video"), count_of(0, "class")
    ('1 video', '2 training videos', '0 classes')
    """
    plural = many or one + ("es" if one.endswith("s") else "s")
    return f"{count} {one if count == 1 else plural}"


def duration_text(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds.

    >>> duration_text(3723.4)
    '01:02:03'
    """
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def bytes_text(count: float) -> str:
    """Return a size for people, with its unit.

    >>> bytes_text(7.3e9), bytes_text(12_345), bytes_text(0)
    ('7.3 GB', '12.3 kB', '0 B')
    """
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"
