"""The space that a run will take, told before it starts."""

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
from pipeline.storage import existing_folder
from pipeline.video import VideoInfo
from pipeline.video.picture import scaled_size
from pipeline.video.safe_probe import probe_apart

# Of a pixel of a frame, lossless, as docs/performance.md measured them.
BYTES_PER_PIXEL = {"decode": 0.41, "flow": 0.06}
FEATURE_BYTES = 4 * 1024  # of a snippet and stream
SAMPLED_VIDEOS = 20  # are looked at; the others are reckoned from their sizes


@dataclass(frozen=True)
class StageNeed:
    """What one stage has still to do, estimated."""

    video_seconds: float
    frames: float
    written_bytes: float


@dataclass(frozen=True)
class DiskNeed:
    """How much video is to be worked on, and what that takes; both estimated."""

    video_seconds: float
    needed_bytes: float
    free_bytes: int

    @property
    def is_short(self) -> bool:
        """Whether there is less space than is needed."""
        return self.needed_bytes > self.free_bytes

    def __str__(self) -> str:
        needed, free = bytes_text(self.needed_bytes), bytes_text(self.free_bytes)
        hours = self.video_seconds / 3600
        return f"{hours:.2f} h of video, about {needed} on disk ({free} free)"


TOO_SMALL = (
    "warning: the disk may be too small; --cache features keeps no frames and no flow, "
    "--workdir takes another disk"
)


def disk_need(run: Run) -> DiskNeed:
    """What the per-video stages of a run have still to do."""
    if run.is_simulated:
        return _drawing_need(run)
    if run.features_folder:
        return _import_need(run, run.features_folder)
    needs = video_needs(run)
    return DiskNeed(
        max((need.video_seconds for need in needs.values()), default=0.0),
        sum(need.written_bytes for need in needs.values()),
        _free_bytes(run.workdir),
    )


def video_needs(run: Run) -> dict[str, StageNeed]:
    """What each stage that is made of videos has still to do, by the videos' sizes.

    Nothing where no video can be read.
    """
    sizes = {
        v.id: v.path.stat().st_size for v in run.dataset.videos if v.path.is_file()
    }
    sample = _sample([v for v in run.dataset.videos if v.id in sizes])
    infos, sampled_bytes = sample.values(), sum(sizes[id] for id in sample)
    needs = {}
    for stage in (*run.caches, "features") if sample else ():
        missing = [id for id in sizes if not run.video_file(stage, id).exists()]
        share = sum(sizes[id] for id in missing) / sampled_bytes
        needs[stage] = StageNeed(
            share * sum(info.duration_seconds for info in infos),
            share * sum(_frames_of(info, run.config) for info in infos),
            share * sum(_bytes_of(stage, info, run.config) for info in infos),
        )
    return needs


def _drawing_need(run: Run) -> DiskNeed:
    """What simulated features take, of which no video file tells the length."""
    files = {v.id: run.video_file("features", v.id) for v in run.dataset.videos}
    grids = [
        simulated_grid(video.duration_seconds or 0.0)
        for video in run.dataset.videos
        if not files[video.id].exists()
    ]
    return DiskNeed(
        sum(grid.duration_seconds for grid in grids),
        sum(grid.num_snippets for grid in grids) * FEATURE_BYTES * len(WIDTHS),
        _free_bytes(run.workdir),
    )


def _import_need(run: Run, folder: Path) -> DiskNeed:
    """What features that are there already take once more, if none are imported."""
    sizes = (path.stat().st_size for path in folder.rglob("*") if path.is_file())
    known = (video.duration_seconds or 0.0 for video in run.dataset.videos)
    return DiskNeed(sum(known), sum(sizes), _free_bytes(run.workdir))


def _sample(videos: Sequence[Video]) -> dict[str, VideoInfo]:
    """Some videos from all over the dataset, of those that can be read."""
    chosen = videos[:: max(1, len(videos) // SAMPLED_VIDEOS)]
    infos = probe_apart([video.path for video in chosen])
    return {v.id: info for v, info in zip(chosen, infos, strict=True) if info}


def _frames_of(info: VideoInfo, config: Config) -> float:
    """How many frames of a video are worked on."""
    return info.duration_seconds * (config.decode.fps or info.fps)


def _bytes_of(stage: str, info: VideoInfo, config: Config) -> float:
    """What a stage will write for a video."""
    frames = _frames_of(info, config)
    if stage == "features":
        snippets = frames / config.features.stride_frames
        return snippets * FEATURE_BYTES * len(config.features.stream_names)
    size = scaled_size(
        Fraction(info.width), Fraction(info.height), config.decode.short_side
    )
    return frames * size[0] * size[1] * BYTES_PER_PIXEL[stage]


def _free_bytes(folder: Path) -> int:
    """Of the disk on which a folder is, or will be."""
    return shutil.disk_usage(existing_folder(folder)).free
