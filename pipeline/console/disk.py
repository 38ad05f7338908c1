"""The disk space that a run will need, estimated before it starts."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.datasets import Video
from pipeline.datasets.simulated import WIDTHS
from pipeline.features.simulated import simulated_grid
from pipeline.progress import bytes_text
from pipeline.run.config import Config
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.run.work import videos_due
from pipeline.storage import existing_folder
from pipeline.video import VideoInfo
from pipeline.video.picture import scaled_size
from pipeline.video.safe_probe import probe_apart

# Per pixel of a lossless frame, as measured in docs/performance.md.
BYTES_PER_PIXEL = {"decode": 0.41, "flow": 0.06}
FEATURE_BYTES = 4 * 1024  # per snippet and stream
SAMPLED_VIDEOS = 20  # are probed; the others are estimated from their sizes


@dataclass(frozen=True)
class StageNeed:
    """The remaining work of one stage, estimated."""

    video_seconds: float
    frames: float
    written_bytes: float


@dataclass(frozen=True)
class DiskNeed:
    """The video that is to be processed, and the disk that it needs; both estimated."""

    video_seconds: float
    needed_bytes: float
    free_bytes: int

    @property
    def is_short(self) -> bool:
        """True if there is less space than is needed."""
        return self.needed_bytes > self.free_bytes

    def __str__(self) -> str:
        needed, free = bytes_text(self.needed_bytes), bytes_text(self.free_bytes)
        hours = self.video_seconds / 3600
        return f"{hours:.2f} h of video, about {needed} on disk ({free} free)"


TOO_SMALL = (
    "warning: the disk may be too small; --cache features keeps no frames and no flow, "
    "--workdir takes another disk"
)


def disk_need(run: Run, last: Stage) -> DiskNeed:
    """Return what the per-video stages of a run still need to write."""
    stages = [stage for stage in last.chain(run) if stage.is_per_video]
    if run.is_simulated:
        seconds, size = _need_of_drawing(run, stages[-1])
    elif run.options.features_dir:
        seconds, size = _need_of_import(run, run.options.features_dir)
    else:
        needs = video_needs(run, stages).values()
        seconds = max((need.video_seconds for need in needs), default=0.0)
        size = sum(need.written_bytes for need in needs)
    free = shutil.disk_usage(existing_folder(run.workdir)).free
    return DiskNeed(seconds, size, free)


def video_needs(run: Run, stages: Sequence[Stage]) -> dict[Stage, StageNeed]:
    """Return what each stage still needs to do, by the videos' sizes.

    Empty if no video can be read.
    """
    videos = [video for video in run.dataset.videos if video.path.is_file()]
    sizes = {video.id: video.path.stat().st_size for video in videos}
    sample = _sample(videos)
    infos, sampled_bytes = sample.values(), sum(sizes[id] for id in sample)
    needs = {}
    for stage in stages if sample else ():
        due = sizes.keys() & videos_due(run, stage)
        share = sum(sizes[id] for id in due) / sampled_bytes
        needs[stage] = StageNeed(
            share * sum(info.duration_seconds for info in infos),
            share * sum(_frames_of(info, run.config) for info in infos),
            share * sum(_bytes_of(stage.name, info, run.config) for info in infos),
        )
    return needs


def _need_of_drawing(run: Run, stage: Stage) -> tuple[float, float]:
    """Return the seconds and bytes of simulated features, which no video file tells."""
    grids = [
        simulated_grid(video.duration_seconds or 0.0)
        for video in run.dataset.videos
        if not stage.video_file(run, video.id).exists()
    ]
    snippets = sum(grid.num_snippets for grid in grids)
    seconds = sum(grid.duration_seconds for grid in grids)
    return seconds, snippets * FEATURE_BYTES * len(WIDTHS)


def _need_of_import(run: Run, folder: Path) -> tuple[float, float]:
    """Return the seconds and bytes of imported features: what they take already."""
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    known = (video.duration_seconds or 0.0 for video in run.dataset.videos)
    return sum(known), sum(sizes)


def _sample(videos: Sequence[Video]) -> dict[str, VideoInfo]:
    """Return some readable videos from all over the dataset, probed."""
    chosen = videos[:: max(1, len(videos) // SAMPLED_VIDEOS)]
    infos = probe_apart([video.path for video in chosen])
    return {v.id: info for v, info in zip(chosen, infos, strict=True) if info}


def _frames_of(info: VideoInfo, config: Config) -> float:
    """Return how many frames of a video are processed."""
    return info.duration_seconds * (config.decode.fps or info.fps)


def _bytes_of(stage: str, info: VideoInfo, config: Config) -> float:
    """Return the bytes that a stage will write for a video."""
    frames = _frames_of(info, config)
    if stage == "features":
        snippets = frames / config.features.stride_frames
        return snippets * FEATURE_BYTES * len(config.features.stream_names)
    size = Fraction(info.width), Fraction(info.height)
    width, height = scaled_size(*size, config.decode.short_side)
    return frames * width * height * BYTES_PER_PIXEL[stage]
