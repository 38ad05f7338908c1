"""How fast the per-video stages are here, tried on a few seconds of a real video."""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.console.forecast.clip import cut_clip
from pipeline.errors import VideoError
from pipeline.features.extraction import extract_features
from pipeline.features.streaming import stream_features
from pipeline.run.run import Run
from pipeline.stages.features import parameters_of, resources_of
from pipeline.video import probe
from pipeline.video.caching import compute_flow, decode

CLIP_SECONDS = 2.0
MOST_SECONDS = 9.0  # that a stage is tried for
MOST_VIDEOS = 3  # that are tried, where one cannot be read
WARM_UP = 2  # reports of progress, before which networks load and code compiles


@dataclass(frozen=True)
class Calibration:
    """What was found, and of which video."""

    video: Path
    rates: dict[str, float] = field(default_factory=dict)  # frames a second and worker


class TimeUpError(Exception):
    """A stage has been tried for long enough."""


class Meter:
    """A stage's progress, which measures its rate and ends it when it takes long."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up, self.calls = warm_up, 0
        self.began = time.monotonic()
        self.first, self.share = 0.0, 0.0

    def __call__(self, share: float) -> None:
        """So much of the stage is done.

        Raises:
            TimeUpError: It has been tried for long enough.
        """
        now, self.share = time.monotonic(), share
        self.calls += 1
        if self.calls == self.warm_up:
            self.began, self.first = now, share
        if now - self.began > MOST_SECONDS:
            raise TimeUpError

    def rate(self, frames: float) -> float | None:
        """Frames a second since the warming up; None where there were none."""
        done = frames * (self.share - self.first)
        return done / (time.monotonic() - self.began) if done > 0 else None


def calibrate(run: Run, stages: Collection[str]) -> Calibration | None:
    """Try some per-video stages on a video of middling size; None if none can be read.

    Takes half a minute at most, in a temporary folder.
    """
    files = {v.path for v in run.dataset.videos if v.path.is_file()}
    by_size = sorted(files, key=lambda path: (path.stat().st_size, path))
    for path in by_size[len(by_size) // 2 :][:MOST_VIDEOS]:
        with (
            suppress(VideoError),
            tempfile.TemporaryDirectory(prefix="soda-") as folder,
            threads_of_a_worker(run),
        ):
            clip = Path(folder) / "clip.mkv"
            cut_clip(path, clip, CLIP_SECONDS)
            measured = measure(run, clip, stages)
            return Calibration(path, {s: r for s, r in measured if r is not None})
    return None


def measure(
    run: Run, clip: Path, stages: Collection[str]
) -> Iterator[tuple[str, float | None]]:
    """Work on a clip stage by stage, up to the last one asked for.

    Yields the rate of each; ends early where one takes so long that nothing is left
    for those above it.
    """
    functions: dict[str, Callable[..., None]] = {
        "decode": decode,
        "flow": compute_flow,
        "features": extract_features if run.caches else stream_features,
    }
    chain = (*run.caches, "features")
    last = max(chain.index(stage) for stage in stages)
    info = probe(clip)
    frames = info.duration_seconds * (run.config.decode.fps or info.fps)
    paths = {stage: clip.with_name(f"{stage}.mkv") for stage in chain}
    for stage in chain[: last + 1]:
        below = chain[:1] if stage == "flow" else run.caches
        inputs = [clip] if stage == chain[0] else [paths[name] for name in below]
        meter = Meter(0 if stage == "decode" else WARM_UP)
        try:
            functions[stage](
                inputs, paths[stage], progress=meter, **parameters_of(run, stage)
            )
        except TimeUpError:
            yield stage, meter.rate(frames)
            return
        meter.share = 1.0
        yield stage, meter.rate(frames)


@contextmanager
def threads_of_a_worker(run: Run) -> Iterator[None]:
    """Use as many processors, meanwhile, as each of the run's workers will have."""
    before = os.environ.get("OMP_NUM_THREADS")
    jobs = min(resources_of(run, "features").jobs, len(run.dataset.videos))
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
