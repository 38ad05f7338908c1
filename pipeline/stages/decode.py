"""Videos of any kind to lossless caches at one frame rate."""

from typing import Any

from pipeline.fanout import Job, run_job
from pipeline.grid import SnippetGrid
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.per_video import check_videos, facts_of, file_stamps, source_items
from pipeline.storage import plain
from pipeline.video import CachedFrames


def decode_videos(run: Run) -> StageResult:
    """Decode all videos into lossless caches at one frame rate."""
    function = "pipeline.video.caching:decode"
    job = Job(DECODE.name, function, decoding(run), source_items(run, DECODE))
    failed = run_job(job, run.workdir, DECODE.resources(run))
    facts = {}
    for video in run.dataset.videos:
        if video.id not in failed:
            with CachedFrames(DECODE.video_file(run, video.id)) as frames:
                start = frames.start_seconds
                grid = SnippetGrid(frames.num_frames, frames.fps, start_seconds=start)
                facts[video.id] = facts_of(grid, frames.source)
    return StageResult(failed, facts)


def decoding(run: Run) -> dict[str, Any]:
    """Return the parameters of decoding one video."""
    return {"config": plain(run.config.decode)}


DECODE: Stage = Stage(
    name="decode",
    task="DecodeVideos",
    folder_name="frames",
    kind="frames",
    suffix=".mkv",
    sections=("decode",),
    content=file_stamps,
    work=decode_videos,
    slurm="decode",
    check=lambda run: check_videos(run, DECODE),
    next=lambda run: "ExtractFeatures",
)
