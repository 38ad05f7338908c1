"""Where frames, snippets, cells and seconds meet: the only file that converts them."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal


@dataclass(frozen=True)
class SnippetGrid:
    """The snippets of one video on the time line of its player.

    Frames are sampled at `fps`; frame k is on screen during the half-open interval
    [start + k / fps, start + (k + 1) / fps). A snippet is `snippet_frames` frames,
    and the next one begins `stride_frames` later::

        frames    0 1 2 ...          15|16 ...          31|32 ...    39|
        snippet   [         0          )[         1          )[   2     ~~~~)
        seconds   0                    .64                  1.28      1.6  1.92

    With `tail="pad"` a last partial snippet counts (its last frame is repeated, ~),
    and so does a video shorter than one snippet; with `tail="drop"` the partial
    snippet is left out, unless it is the only one.

    A *position* is a real number in units of snippets, on which snippet i covers
    [i, i + 1); a sequence rescaled to T cells covers the same line in T equal parts.
    """

    num_frames: int
    fps: float = 25.0
    snippet_frames: int = 16
    stride_frames: int = 16
    start_seconds: float = 0.0  # of frame 0; not 0 where the picture starts late
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
        """How many snippets the video has; at least 1."""
        beyond_first = self.num_frames - self.snippet_frames
        if self.tail == "pad":
            partial = ceil(beyond_first / self.stride_frames)
            # Where the stride leaves frames out, the last snippet must not begin
            # beyond the video.
            return 1 + max(0, min(partial, (self.num_frames - 1) // self.stride_frames))
        return 1 + max(0, beyond_first // self.stride_frames)

    @property
    def duration_seconds(self) -> float:
        """Length of the sampled video, without the padding of the tail."""
        return self.num_frames / self.fps

    @property
    def end_seconds(self) -> float:
        """Where the last frame leaves the screen."""
        return self.start_seconds + self.duration_seconds

    def snippet_frame_range(self, snippet: int) -> tuple[int, int]:
        """Frames [first, last) of a snippet; `last` may lie beyond the video."""
        first = snippet * self.stride_frames
        return first, first + self.snippet_frames

    def snippet_interval(self, snippet: int) -> tuple[float, float]:
        """Seconds [start, end) of a snippet, padding included."""
        first, last = self.snippet_frame_range(snippet)
        return self.frame_to_seconds(first), self.frame_to_seconds(last)

    def frame_to_seconds(self, frame: float) -> float:
        """When a frame comes on screen."""
        return self.start_seconds + frame / self.fps

    def seconds_to_frame(self, seconds: float) -> float:
        """The inverse of `frame_to_seconds`; not rounded."""
        return (seconds - self.start_seconds) * self.fps

    def position_to_seconds(self, position: float, cells: int | None = None) -> float:
        """Seconds at a position; in units of T cells where `cells` is given.

        Snippet i's centre, position i + .5, is the middle of its frames. Where stride
        and snippet are equally long, position i is the snippet's first instant.

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
        """The centres of T cells that share the video.

        >>> SnippetGrid(num_frames=32).cell_seconds(2)
        [0.32, 0.96]
        """
        return [self.position_to_seconds(cell + 0.5, cells) for cell in range(cells)]

    def seconds_to_position(self, seconds: float, cells: int | None = None) -> float:
        """The inverse of `position_to_seconds`; not rounded, not clipped."""
        frame = self.seconds_to_frame(seconds)
        position = (frame - self.snippet_frames / 2) / self.stride_frames + 0.5
        return position if cells is None else position * cells / self.num_snippets

    def cell_at(self, seconds: float, cells: int | None = None) -> int:
        """Index of the snippet (or cell) that answers a time, clipped to the video."""
        count = self.num_snippets if cells is None else cells
        return min(
            max(int(self.seconds_to_position(seconds, cells) // 1), 0), count - 1
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; `SnippetGrid(**d)` is the inverse."""
        return asdict(self)
