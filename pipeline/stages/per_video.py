"""Code shared by the stages that work on one video at a time."""

from typing import Any

from pipeline.datasets import Video
from pipeline.errors import UsageError
from pipeline.fanout import Item
from pipeline.grid import SnippetGrid
from pipeline.run.record import VideoFacts
from pipeline.run.run import Run
from pipeline.run.stage import Stage, usable
from pipeline.storage import file_stamp


def check_videos(run: Run, stage: Stage) -> None:
    """Refuse a stage that works on videos if the run has none.

    Raises:
        UsageError: Features are simulated or imported.
    """
    if run.origin != "videos":
        raise UsageError(
            f"{stage.task}: no video is read if features are simulated or imported; "
            "begin with ExtractFeatures"
        )


def file_stamps(run: Run) -> list[Any]:
    """Return the size and time of every video file, and its last annotated second."""
    return [
        [v.id, *file_stamp(v.path), last_annotated_seconds(v)]
        for v in run.dataset.videos
    ]


def last_annotated_seconds(video: Video) -> float:
    """Return the last time in a video's annotations."""
    ends = [i.end_seconds for i in video.instances]
    return max([0.0, *ends, *(p.seconds for p in video.points or ())])


def source_items(run: Run, stage: Stage) -> tuple[Item, ...]:
    """Return the work of a stage that reads the videos themselves."""
    return tuple(
        Item(
            id=video.id,
            inputs=(str(video.path),),
            output=str(stage.video_file(run, video.id)),
            weight=float(file_stamp(video.path)[0] or 0),
            arguments={"last_annotated_seconds": last_annotated_seconds(video)},
        )
        for video in run.dataset.videos
    )


def cache_items(run: Run, stage: Stage) -> tuple[Item, ...]:
    """Return the work of a stage that reads caches of the videos, weighed by frames."""
    caches = stage.inputs(run)
    record = caches[0].record(run)
    assert record, "reading comes first"
    return tuple(
        Item(
            id=video.id,
            inputs=tuple(str(cache.video_file(run, video.id)) for cache in caches),
            output=str(stage.video_file(run, video.id)),
            weight=record.facts[video.id].frames,
            arguments={},
        )
        for video in usable(run, caches)
    )


def facts_of(grid: SnippetGrid, source: dict[str, Any]) -> VideoFacts:
    """Return what later stages need to know about a video."""
    return VideoFacts(
        frames=grid.num_frames,
        fps=grid.fps,
        start_seconds=grid.start_seconds,
        end_seconds=grid.end_seconds,
        source_sha256=source["sha256"],
    )
