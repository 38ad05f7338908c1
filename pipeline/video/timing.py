"""Exact arithmetic on presentation times: the source frame on screen at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, inf
from typing import TypeVar

Element = TypeVar("Element")

# Matroska rounds every time to a millisecond, so a frame may be dated up to one
# millisecond too late.
TOLERANCE_SECONDS = Fraction(1, 1000)

# A longer pause is checked against the declared end of the file, the longest gap and
# the time that follows.
LONGEST_PAUSE_SECONDS = Fraction(1)


def first_sample(
    seconds: Fraction, fps: Fraction, tolerance_seconds: Fraction = TOLERANCE_SECONDS
) -> int:
    """Return the index of the first sampled frame at or after a time.

    The time is relative to the first frame, and may be too late by the tolerance.

    >>> first_sample(Fraction(1, 30), Fraction(25))
    1
    >>> first_sample(Fraction("0.041"), Fraction(25))  # .040, dated a millisecond late
    1
    """
    return max(0, ceil((seconds - tolerance_seconds) * fps))


def count_showings(
    frames: Iterable[tuple[Element, Fraction, Fraction]],
    fps: Fraction,
    tolerance_seconds: Fraction = TOLERANCE_SECONDS,
) -> Iterator[tuple[Element, int]]:
    """Pair each frame with the number of sampled frames that show it.

    A frame is on screen from its own time until the next frame's, and the last one for
    its duration. Sampled frame k shows the frame that is on screen k / fps seconds
    after the first one. Only one frame is kept in memory at any time. The frames come
    as (frame, start seconds, duration in seconds), and their starts never decrease.

    >>> starts = {"a": "0", "b": "0.10", "c": "0.14"}
    >>> frames = [(k, Fraction(v), Fraction("0.04")) for k, v in starts.items()]
    >>> list(count_showings(frames, Fraction(25)))
    [('a', 3), ('b', 1), ('c', 1)]
    """
    origin, held = None, None
    for item, start, duration in frames:
        origin = start if origin is None else origin
        begin = start - origin
        first = first_sample(begin, fps, tolerance_seconds)
        stop = first_sample(begin + duration, fps, tolerance_seconds)
        if held is not None:
            yield held[0], first - held[1]
        held = (item, first, stop)
    if held is not None:
        yield held[0], held[2] - held[1]


def with_next(items: Iterable[Element]) -> Iterator[tuple[Element, Element | None]]:
    """Pair each item with the one that follows; the last one with None.

    >>> list(with_next("abc"))
    [('a', 'b'), ('b', 'c'), ('c', None)]
    """
    held: list[Element] = []
    for item in items:
        if held:
            yield held.pop(), item
        held.append(item)
    for item in held:
        yield item, None


@dataclass
class SteadyClock:
    """A clock of presentation times that never run backward.

    The clock uses the file's own times if they are plausible. After a jump, it advances
    by one frame, and shifts the following times to match, until the file's own times
    are plausible again. A gap in a recording is no jump: the times go on behind it,
    whereas a single wrong time is followed by an earlier one.
    """

    end_seconds: Fraction | float = inf  # as the file declares it
    longest_gap_seconds: Fraction | float = inf  # between two frames
    start_seconds: Fraction = Fraction(0)  # of the first frame, if it has no time
    num_jumps: int = 0
    # Its seconds, and the time at which it begins.
    longest_step: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    _previous: Fraction | None = field(default=None, init=False)
    _expected: Fraction = field(default=Fraction(0), init=False)
    _shift: Fraction = field(default=Fraction(0), init=False)

    def tell(
        self,
        stamp: Fraction | None,
        duration: Fraction,
        following: Fraction | None = None,
    ) -> Fraction:
        """Return the seconds of the next frame.

        Its stamp in the file, and the stamp of the frame that follows it, may be None.
        """
        now = self._believe(stamp, following)
        if self._previous is not None:
            step = now - self._previous, self._previous
            self.longest_step = max(self.longest_step, step)
        self._previous, self._expected = now, now + duration
        return now

    def _believe(self, stamp: Fraction | None, following: Fraction | None) -> Fraction:
        if stamp is None:
            return self.start_seconds if self._previous is None else self._expected
        goes_on = following is None or following >= stamp
        for candidate in (stamp, stamp + self._shift):
            if self._is_possible(candidate, goes_on):
                return candidate
        self.num_jumps += 1
        self._shift = self._expected - stamp
        return self._expected

    def _is_possible(self, seconds: Fraction, goes_on: bool) -> bool:
        if self._previous is None:
            return True
        step = seconds - self._previous
        if step <= LONGEST_PAUSE_SECONDS:
            return step >= 0  # with equal times, a frame is replaced at once
        within = seconds <= self.end_seconds and step <= self.longest_gap_seconds
        return within and goes_on
