"""When imported features are: given, or inferred from durations and lengths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pipeline.errors import AnnotationError
from pipeline.features.imported.config import ImportConfig
from pipeline.grid import SnippetGrid
from pipeline.storage import read_json

# What the field's features are made with; the paper's come first (Sec. 6.3).
USUAL_FPS = (25.0, 30.0, 24.0, 15.0, 10.0)
USUAL_STRIDES = (16, 8, 4, 32, 64, 5, 6)
# A video of T snippets fits a rate within one of them, as the last may be a part or be
# left out, and within this share, as containers' durations are not exact.
SLACK = 0.01
FITTING = 0.9  # share of the videos that a rate must fit
ALIKE = 0.1  # spread of the videos' rates beyond which each has its own


@dataclass(frozen=True)
class Timing:
    """One rate for all videos, or one for each."""

    fps: float
    stride_frames: int
    window_frames: int
    is_own: bool  # whether each video's features span it, whatever their number
    sentence: str  # how it is known, for people
    # Videos whose time line is known exactly, as `soda export features` states it.
    stated: Mapping[str, SnippetGrid] = field(default_factory=dict)

    def grid(
        self, id: str, snippets: int, duration_seconds: float | None
    ) -> SnippetGrid:
        """The time line of a video with so many snippets."""
        if id in self.stated and self.stated[id].num_snippets == snippets:
            return self.stated[id]
        fps, stride = self.fps, self.stride_frames
        if self.is_own and duration_seconds:
            fps = snippets * stride / duration_seconds
        # The last snippet may reach beyond the video's end.
        shortest, longest = (snippets - 1) * stride + 1, (snippets - 1) * stride
        longest += self.window_frames
        frames = round(duration_seconds * fps) if duration_seconds else longest
        return SnippetGrid(
            num_frames=min(max(frames, shortest), longest),
            fps=fps,
            snippet_frames=self.window_frames,
            stride_frames=self.stride_frames,
        )


def read_stated(folder: Path) -> dict[str, SnippetGrid]:
    """The time lines that `features.json` states, by video; none without that file.

    Raises:
        AnnotationError: It is a file of another kind.
    """
    path = folder / "features.json"
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
            f"{path}: expected when features are, as `soda export features` writes it, "
            f"found something else ({type(error).__name__}: {error}); rename the file, "
            "and give --features-fps and --features-stride"
        ) from error


def choose_timing(
    config: ImportConfig,
    lengths: Mapping[str, int],
    durations: Mapping[str, float | None],
    stated: Mapping[str, SnippetGrid] | None = None,
) -> Timing:
    """What the user says; where that is left open, what lengths and durations say.

    Args:
        config: What the user says.
        lengths: Snippets of each video.
        durations: Seconds of each video, where they are known.
        stated: Time lines that stand beside the features.
    """
    if stated and not (config.fps or config.stride_frames):
        grid = next(iter(stated.values()))
        timing = _timing(config, grid.fps, grid.stride_frames, "as features.json says")
        return replace(timing, stated=stated)
    known = [id for id in lengths if durations.get(id)]
    if (config.fps and config.stride_frames) or not known:
        given = config.fps and config.stride_frames
        how = "as given" if given else "assumed, as no video's duration is known"
        return _timing(config, *next(_rates(config)), how)
    counts = np.array([lengths[id] for id in known])
    seconds = np.array([durations[id] for id in known], dtype=float)
    for fps, stride in _rates(config):
        expected = seconds * fps / stride
        fits = np.abs(counts - expected) <= 1 + SLACK * expected
        if fits.mean() >= FITTING:
            how = f"as {fits.sum()} of {len(fits)} videos' durations have it"
            return _timing(config, fps, stride, how)
    return _measured(config, seconds / counts)


def _rates(config: ImportConfig) -> Iterator[tuple[float, int]]:
    """The rates that agree with what the user says, the likeliest first."""
    for stride in (config.stride_frames,) if config.stride_frames else USUAL_STRIDES:
        for fps in (config.fps,) if config.fps else USUAL_FPS:
            yield fps, stride


def _measured(config: ImportConfig, steps: Float[np.ndarray, "videos"]) -> Timing:
    """No usual rate: one that fits the videos, or each video's own."""
    low, middle, high = np.quantile(steps, (0.1, 0.5, 0.9)).tolist()
    stride = config.stride_frames or USUAL_STRIDES[0]
    fps = stride / middle
    if high - low > ALIKE * middle:
        sentence = (
            "features span their videos, whatever their number: from one to the next "
            f"it is {low:.2f} to {high:.2f} s"
        )
        window = config.window_frames or stride
        return Timing(fps, stride, window, is_own=True, sentence=sentence)
    return _timing(config, fps, stride, f"as videos have one each {middle:.3f} s")


def _timing(config: ImportConfig, fps: float, stride: int, how: str) -> Timing:
    sentence = f"a feature each {stride} frames at {fps:g} fps, {how}"
    window = config.window_frames or stride
    return Timing(fps, stride, window, is_own=False, sentence=sentence)
