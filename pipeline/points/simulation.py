"""Single-frame annotations, simulated from interval ground truth (Sec. 6.2).

On THUMOS14's 200 training videos with their real durations, the rules give 5,038 clicks
per `piece`, 4,203 per `segment` (2,071 of them actions) and 3,392 per `window`. An
independent count gave 4,860, 4,059 and 3,316. This code gives exactly the same numbers
with two changes that we do not make. First, the 143 dives that are annotated both as
Diving and as CliffDiving count once. Second, all videos are assumed to have 30 frames
per second, although 14 of them have 24, 25 or 29.97 and last longer. Here such a dive
is clicked for both of its classes, as it is scored for both. Ambiguous segments have no
class and count as background.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from pipeline.datasets import BACKGROUND, Instance, Point, Video
from pipeline.intervals import Interval, complement, intersection, union
from pipeline.seeds import generator_of


@dataclass(frozen=True)
class PointConfig:
    """The rules for drawing frames as an annotator would click them."""

    kinds: Annotated[
        Literal["both", "action", "background", "none"],
        "kinds of points to click (Table 5)",
    ] = "both"
    per: Annotated[
        Literal["segment", "window", "piece"],
        "one click per action instance and background segment, per window and kind, "
        "or per piece of a segment within a window",
    ] = "segment"
    window_seconds: Annotated[float, "length of an annotated window"] = 10.0
    gap_seconds: Annotated[float, "gap between two annotated windows; 0: none"] = 10.0
    offset_seconds: Annotated[float, "start of the first window"] = 0.0
    seed: Annotated[int, "seed for drawing frames"] = 0

    def __post_init__(self) -> None:
        if self.window_seconds <= 0:
            raise ValueError(f"window_seconds must be positive, got {self}")
        if self.gap_seconds < 0 or self.offset_seconds < 0:
            raise ValueError(f"gap and offset must not be negative, got {self}")


# The intervals in which one click may fall, and its label.
Choice = tuple[list[Interval], str]


def simulate_points(
    video_id: str,
    instances: tuple[Instance, ...],
    duration_seconds: float,
    config: PointConfig,
) -> list[Point]:
    """Draw the clicks of one video, each uniformly within its segment, piece or window.

    The clicks depend only on the seed and the video's id, so that other videos of the
    dataset have no influence. An instance shorter than a snippet is clicked like any
    other; one between two windows is not clicked.
    """
    windows = annotated_windows(duration_seconds, config)
    choices = [
        (pieces, label)
        for segment, label in segments(instances, duration_seconds)
        for pieces in split(segment, windows, config)
        if wanted(label, config)
    ]
    if config.per == "window":
        choices = one_per_window(choices, windows)
    generator = generator_of(config.seed, video_id)
    points = [Point(draw(pieces, generator), label) for pieces, label in choices]
    return sorted(points, key=lambda point: (point.seconds, point.label))


def may_simulate(video: Video) -> bool:
    """Check whether segments tell what to click, and nobody has left it unclicked."""
    return video.has_segments and video.points is None


def never_clicked(
    classes: Sequence[str], videos: Iterable[Video], config: PointConfig
) -> list[str]:
    """Return the classes of which no click is drawn, before any video is read.

    The clicks of actions do not depend on the end of a video.
    """
    left = set(classes)
    for video in filter(may_simulate, videos):
        if not left.isdisjoint(instance.label for instance in video.instances):
            end = max(instance.end_seconds for instance in video.instances)
            clicks = simulate_points(video.id, video.instances, end, config)
            left -= {click.label for click in clicks}
    return [name for name in classes if name in left]


def annotated_windows(duration_seconds: float, config: PointConfig) -> list[Interval]:
    """Return the windows of a video that are annotated.

    >>> annotated_windows(25.0, PointConfig())
    [(0.0, 10.0), (20.0, 25.0)]
    """
    period = config.window_seconds + config.gap_seconds
    starts = np.arange(config.offset_seconds, duration_seconds, period).tolist()
    return union(
        (start, min(start + config.window_seconds, duration_seconds))
        for start in starts
    )


def segments(
    instances: tuple[Instance, ...], duration_seconds: float
) -> list[tuple[Interval, str]]:
    """Return all action instances, and the background segments between them."""
    actions = [((i.start_seconds, i.end_seconds), i.label) for i in instances]
    gaps = complement([interval for interval, _ in actions], (0.0, duration_seconds))
    return actions + [(gap, BACKGROUND) for gap in gaps]


def split(
    segment: Interval, windows: list[Interval], config: PointConfig
) -> list[list[Interval]]:
    """Split a segment into the parts that get one click each."""
    pieces = intersection([segment], windows)
    if config.per == "segment":
        return [pieces] if pieces else []
    return [[piece] for piece in pieces]


def wanted(label: str, config: PointConfig) -> bool:
    """Check whether the configuration asks for clicks of this label's kind."""
    kind = BACKGROUND if label == BACKGROUND else "action"
    return config.kinds in ("both", kind)


def one_per_window(choices: list[Choice], windows: list[Interval]) -> list[Choice]:
    """Merge choices to at most one action and one background click per window.

    The window's action click goes to the class that fills most of it.
    """
    merged: list[Choice] = []
    for window in windows:
        inside: dict[str, list[Interval]] = {}
        for pieces, label in choices:
            inside.setdefault(label, []).extend(intersection(pieces, [window]))
        by_label = {
            name: union(inside[name]) for name in sorted(inside) if inside[name]
        }
        background = by_label.pop(BACKGROUND, None)
        if by_label:
            label = max(by_label, key=lambda name: length(by_label[name]))
            merged.append((by_label[label], label))
        if background:
            merged.append((background, BACKGROUND))
    return merged


def length(intervals: list[Interval]) -> float:
    """Return the total length of disjoint intervals in seconds."""
    return sum(end - start for start, end in intervals)


def draw(intervals: list[Interval], generator: np.random.Generator) -> float:
    """Draw a time uniformly from disjoint intervals, with millisecond precision."""
    left = generator.uniform(0, length(intervals))
    for start, end in intervals:
        if left < end - start:
            floored = math.floor((start + left) * 1000) / 1000
            return floored if floored >= start else start + left
        left -= end - start
    # Rounding of the sum can carry the draw past the last end.
    start, end = intervals[-1]
    return (start + end) / 2
