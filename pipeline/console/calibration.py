"""The speed of the per-video stages, tried on a few seconds of a real video."""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from pipeline.errors import UnreadableVideoError, VideoError
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.decode import DECODE, decoding
from pipeline.stages.features import FEATURES, extraction
from pipeline.stages.flow import FLOW, flow_computation
from pipeline.video import probe
from pipeline.video.caching import compute_flow, decode
from pipeline.video.source import open_video

CLIP_SECONDS = 2.0
MOST_SECONDS = 9.0  # that a stage is tried for
MOST_VIDEOS = 3  # that are tried, where one cannot be read
WARM_UP = 2  # reports of progress, before which networks load and code compiles


class TimeUpError(Exception):
    """The end of a trial that has taken long enough."""


class Meter:
    """A progress hook that measures the rate of a stage and ends a long trial."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up, self.calls = warm_up, 0
        self.began = time.monotonic()
        self.first, self.share = 0.0, 0.0

    def __call__(self, share: float) -> None:
        """Note the share of the stage that is done.

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
        """Return the frames per second since the warm-up; None if there were none."""
        done = frames * (self.share - self.first)
        return done / (time.monotonic() - self.began) if done > 0 else None


def calibrate(
    run: Run, stages: Collection[Stage]
) -> tuple[Path | None, dict[Stage, float]]:
    """Try some per-video stages on a video of medium size, if one can be read.

    Takes half a minute at most, in a temporary folder.

    Returns:
        The video, and the frames per second and worker of each stage.
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
            return path, {s: rate for s, rate in measured if rate is not None}
    return None, {}


def cut_clip(path: Path, output: Path, seconds: float) -> None:
    """Copy what follows the keyframe in the middle of a video, without decoding it.

    Raises:
        VideoError: The video cannot be read, or not be cut.
    """
    try:
        with open_video(path) as source, av.open(output, "w") as target:
            stream, container = source.stream, source.container
            container.seek((container.duration or 0) // 2, backward=True)
            copy = target.add_stream_from_template(stream)
            first: int | None = None
            for packet in container.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                first = packet.dts if first is None else first
                if (packet.dts - first) * source.time_base >= seconds:
                    break
                packet.pts, packet.dts = packet.pts - first, packet.dts - first
                packet.stream = copy
                target.mux(packet)
    except FFmpegError as error:
        raise UnreadableVideoError(f"{path}: cannot be cut: {error}") from error


def measure(
    run: Run, clip: Path, stages: Collection[Stage]
) -> Iterator[tuple[Stage, float | None]]:
    """Work on a clip stage by stage, up to the last one asked for.

    Yields the rate of each; ends early if one takes so long that no time is left for
    those above it.
    """
    # PyTorch takes seconds to import, and most runs are not forecast
    from pipeline.features.jobs import extract_features, stream_features

    functions: dict[Stage, tuple[Callable[..., None], Callable[[Run], Any]]] = {
        DECODE: (decode, decoding),
        FLOW: (compute_flow, flow_computation),
        FEATURES: (
            extract_features if FEATURES.inputs(run) else stream_features,
            extraction,
        ),
    }
    chain = FEATURES.chain(run)
    last = max(chain.index(stage) for stage in stages)
    info = probe(clip)
    frames = info.duration_seconds * (run.config.decode.fps or info.fps)
    paths = {stage: clip.with_name(f"{stage.name}.mkv") for stage in chain}
    for stage in chain[: last + 1]:
        inputs = [paths[name] for name in stage.inputs(run)] or [clip]
        meter = Meter(0 if stage is DECODE else WARM_UP)
        work, parameters = functions[stage]
        try:
            work(inputs, paths[stage], progress=meter, **parameters(run))
        except TimeUpError:
            yield stage, meter.rate(frames)
            return
        meter.share = 1.0
        yield stage, meter.rate(frames)


@contextmanager
def threads_of_a_worker(run: Run) -> Iterator[None]:
    """Use as many processors in the block as each of the run's workers will have."""
    before = os.environ.get("OMP_NUM_THREADS")
    jobs = min(FEATURES.resources(run).jobs, len(run.dataset.videos))
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
