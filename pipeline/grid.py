"""Conversions between frames, snippets, cells and seconds, all of them in this file."""

from dataclasses import asdict, dataclass
from math import ceil, floor
from typing import Any, Literal


@dataclass(frozen=True)
class SnippetGrid:
    """The snippets of one video on the timeline of its player.

    Frames are sampled at `fps`; frame k is on screen during the half-open interval
    [start + k / fps, start + (k + 1) / fps). A snippet has `snippet_frames` frames,
    and the next snippet begins `stride_frames` frames after it began::

        frames    0 1 2 ...          15|16 ...          31|32 ...    39|
        snippet   [         0          )[         1          )[   2     ~~~~)
        seconds   0                    .64                  1.28      1.6  1.92

    With `tail="pad"`, a partial snippet at the end counts (~ marks repetitions of its
    last frame), and so does a video shorter than one snippet. With `tail="drop"`, the
    partial snippet is left out, unless it is the only one.

    A *position* is a real number in units of snippets: snippet i covers [i, i + 1). A
    sequence rescaled to T cells divides the same line into T equal parts.
    """

    num_frames: int
    fps: float = 25.0
    snippet_frames: int = 16
    stride_frames: int = 16
    start_seconds: float = 0.0  # of frame 0; not 0 if the video stream starts late
    tail: Literal["pad", "drop"] = "pad"

    def __post_init__(self) -> None:
        if min(self.num_frames, self.snippet_frames, self.stride_frames) < 1:
            raise ValueError(
                f"frames, snippet and stride must be at least 1, got {self}"
            )
        if not self.fps > 0:
            raise ValueError(f"fps must be positive, got {self.fps}")

    @property
    def num_snippets(self) -> int:
        """The number of snippets of the video; at least 1."""
        beyond_first = self.num_frames - self.snippet_frames
        if self.tail == "pad":
            partial = ceil(beyond_first / self.stride_frames)
            # `partial` is the least i for which snippet i reaches the last frame:
            # i * stride + snippet >= num_frames. The last snippet must also begin in
            # the video: i * stride <= num_frames - 1. The second bound is the smaller
            # one only if stride > snippet, where the last frames can fall into a gap.
            # With 20 frames, a snippet of 16 and a stride of 32, snippet 1 would begin
            # at frame 32: `partial` is ceil(4 / 32) = 1 and the bound is 19 // 32 = 0,
            # so there is one snippet, and frames 16 to 19 belong to none.
            return 1 + max(0, min(partial, (self.num_frames - 1) // self.stride_frames))
        return 1 + max(0, beyond_first // self.stride_frames)

    @property
    def duration_seconds(self) -> float:
        """The length of the sampled video, without the padding of the tail."""
        return self.num_frames / self.fps

    @property
    def end_seconds(self) -> float:
        """The time at which the last frame leaves the screen."""
        return self.start_seconds + self.duration_seconds

    def snippet_frame_range(self, snippet: int) -> tuple[int, int]:
        """Return the frames [first, last) of a snippet; `last` may exceed the video."""
        first = snippet * self.stride_frames
        return first, first + self.snippet_frames

    def snippet_interval(self, snippet: int) -> tuple[float, float]:
        """Return the seconds [start, end) of a snippet, including padding."""
        first, last = self.snippet_frame_range(snippet)
        return self.frame_to_seconds(first), self.frame_to_seconds(last)

    def frame_to_seconds(self, frame: float) -> float:
        """Return the time at which a frame appears on screen."""
        return self.start_seconds + frame / self.fps

    def seconds_to_frame(self, seconds: float) -> float:
        """Return the frame, not rounded, at a time; inverts `frame_to_seconds`."""
        return (seconds - self.start_seconds) * self.fps

    def position_to_seconds(self, position: float, cells: int | None = None) -> float:
        """Return the seconds at a position, in units of T cells if `cells` is given.

        The centre of snippet i, position i + .5, is the middle of its frames. If stride
        and snippet are equally long, position i is the start of snippet i.

        >>> SnippetGrid(num_frames=40).position_to_seconds(1.5)
        0.96
        >>> SnippetGrid(num_frames=48).position_to_seconds(50, cells=100)
        0.96
        """
        if cells is not None:
            position = position * self.num_snippets / cells
        frame = (position - 0.5) * self.stride_frames + self.snippet_frames / 2
        return self.frame_to_seconds(frame)

    def cell_seconds(self, cells: int) -> list[float]:
        """Return the centres, in seconds, of T cells that divide the video.

        >>> SnippetGrid(num_frames=32).cell_seconds(2)
        [0.32, 0.96]
        """
        return [self.position_to_seconds(cell + 0.5, cells) for cell in range(cells)]

    def seconds_to_position(self, seconds: float, cells: int | None = None) -> float:
        """Return the position at a time, not rounded; inverts `position_to_seconds`."""
        frame = self.seconds_to_frame(seconds)
        position = (frame - self.snippet_frames / 2) / self.stride_frames + 0.5
        return position if cells is None else position * cells / self.num_snippets

    def cell_at(self, seconds: float, cells: int | None = None) -> int:
        """Return the index of the snippet (or cell) at a time, clipped to the video."""
        count = self.num_snippets if cells is None else cells
        return min(max(floor(self.seconds_to_position(seconds, cells)), 0), count - 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON; `SnippetGrid(**d)` is the inverse."""
        return asdict(self)
