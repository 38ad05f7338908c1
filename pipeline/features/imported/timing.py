"""The timing of imported features: given, or inferred from durations and lengths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float

from models.config import check_at_least
from pipeline.errors import AnnotationError, in_words
from pipeline.grid import SnippetGrid
from pipeline.progress import count_of
from pipeline.storage import read_json, stay_inside

# The usual values for features in the field; the paper's come first (Sec. 6.3).
USUAL_FPS = (25.0, 30.0, 24.0, 15.0, 10.0)
USUAL_STRIDES = (16, 8, 4, 32, 64, 5, 6)
# A rate fits a video if it predicts the number of snippets to within one, because the
# last may be partial or left out, plus this share, because durations are not exact.
SLACK = 0.01
FITTING = 0.9  # share of the videos that a rate must fit
ALIKE = 0.1  # relative spread of the videos' rates above which each has its own


@dataclass(frozen=True)
class ImportConfig:
    """The user's timing of the snippets of imported features; 0 infers a value."""

    fps: Annotated[
        float,
        "frames per second of the videos that the features of --features-dir were made "
        "from; 0: inferred from the videos' durations, or 25",
    ] = 0.0
    stride_frames: Annotated[
        int,
        "frames from one of these features to the next; 0: inferred from the videos' "
        "durations, or 16",
    ] = 0
    window_frames: Annotated[int, "frames that each feature covers; 0: the stride"] = 0

    def __post_init__(self) -> None:
        check_at_least(0, self, "fps", "stride_frames", "window_frames")


@dataclass(frozen=True)
class Timing:
    """The rate of imported features: one for all videos, or one for each."""

    fps: float
    stride_frames: int
    window_frames: int
    is_own: bool  # True if each video has its own rate: its features span its duration
    sentence: str  # the rate and its source, for people
    # Exact time lines, from the `features.json` of `soda export features`.
    stated: Mapping[str, SnippetGrid] = field(default_factory=dict)

    def grid(
        self, id: str, snippets: int, duration_seconds: float | None
    ) -> SnippetGrid:
        """Return the time line of a video with some number of snippets."""
        if id in self.stated and self.stated[id].num_snippets == snippets:
            return self.stated[id]
        fps, stride = self.fps, self.stride_frames
        if self.is_own and duration_seconds:
            fps = snippets * stride / duration_seconds
        last = (snippets - 1) * stride  # where the last snippet begins
        longest = last + self.window_frames  # it may reach beyond the video's end
        frames = round(duration_seconds * fps) if duration_seconds else longest
        return SnippetGrid(
            num_frames=min(max(frames, last + 1), longest),
            fps=fps,
            snippet_frames=self.window_frames,
            stride_frames=self.stride_frames,
        )


def read_stated(folder: Path) -> dict[str, SnippetGrid]:
    """Return the time lines in `features.json` by video, or {} without that file.

    Raises:
        AnnotationError: The file has other content.
        UsageError: It is a link that leads out of the folder.
    """
    path = stay_inside(folder / "features.json", folder)
    if not path.is_file():
        return {}
    try:
        content = read_json(path)
        return {
            video["id"]: SnippetGrid(
                num_frames=round(video["duration_seconds"] * video["fps"]),
                fps=video["fps"],
                snippet_frames=content["snippet_frames"],
                stride_frames=content["stride_frames"],
                start_seconds=video["start_seconds"],
            )
            for video in content["videos"].values()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: expected the times of features, as `soda export features` writes "
            f"them, found other content ({in_words(error)}); rename the "
            "file, and give --features-fps and --features-stride"
        ) from error


def choose_timing(
    config: ImportConfig,
    lengths: Mapping[str, int],
    durations: Mapping[str, float | None],
    stated: Mapping[str, SnippetGrid] | None = None,
) -> Timing:
    """Return the user's timing, inferred from lengths and durations where it is open.

    Args:
        lengths: Number of snippets of each video.
        durations: Duration of each video in seconds, if known.
        stated: Time lines from a `features.json` next to the features.
    """
    # From certain to guessed: the exact times in features.json, unless a flag overrides
    # them; two flags; a usual rate that fits the durations; a measured rate. The usual
    # rates are tried with the paper's first, because short videos fit several. Example:
    # 100 s at 25 fps and stride 16 make 156.25 snippets. 156 are within 1 + 1.6 of that
    # but not within 1 + 1.5 of the 150 at 24 fps. In 20 s, 31 snippets fit both, 31.25
    # and 30, within 1.3, so 25 fps is chosen. Ties such as 30 / 16 and 15 / 8 have the
    # same step in seconds. Without any duration, the paper's rate is assumed.
    if stated and not (config.fps or config.stride_frames):
        grid = next(iter(stated.values()))
        timing = _timing(config, grid.fps, grid.stride_frames, "from features.json")
        return replace(timing, stated=stated)
    known = [id for id in lengths if durations.get(id)]
    given = config.fps and config.stride_frames
    if given or not known:
        how = "as given" if given else "assumed because no video's duration is known"
        return _timing(config, *next(_rates(config)), how)
    counts = np.array([lengths[id] for id in known])
    seconds = np.array([durations[id] for id in known], dtype=float)
    for fps, stride in _rates(config):
        expected = seconds * fps / stride
        fits = np.abs(counts - expected) <= 1 + SLACK * expected
        if fits.mean() >= FITTING:
            videos = count_of(len(fits), "video")
            how = f"which fits the durations of {fits.sum()} of {videos}"
            return _timing(config, fps, stride, how)
    return _measured(config, seconds / counts)


def _rates(config: ImportConfig) -> Iterator[tuple[float, int]]:
    """Yield the rates that agree with the user's settings, the likeliest first."""
    for stride in (config.stride_frames,) if config.stride_frames else USUAL_STRIDES:
        for fps in (config.fps,) if config.fps else USUAL_FPS:
            yield fps, stride


def _measured(config: ImportConfig, steps: Float[np.ndarray, "videos"]) -> Timing:
    """Return the rate measured in the videos, or one for each if they differ."""
    low, middle, high = np.quantile(steps, (0.1, 0.5, 0.9)).tolist()
    stride = config.stride_frames or USUAL_STRIDES[0]
    fps = stride / middle
    if high - low > ALIKE * middle:
        sentence = (
            "each video has its own rate, so that its features span its duration: one "
            f"every {low:.2f} to {high:.2f} s"
        )
        window = config.window_frames or stride
        return Timing(fps, stride, window, is_own=True, sentence=sentence)
    return _timing(config, fps, stride, f"measured: one every {middle:.3f} s of video")


def _timing(config: ImportConfig, fps: float, stride: int, how: str) -> Timing:
    sentence = f"one feature every {stride} frames at {fps:g} fps, {how}"
    window = config.window_frames or stride
    return Timing(fps, stride, window, is_own=False, sentence=sentence)
