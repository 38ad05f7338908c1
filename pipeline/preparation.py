"""The per-video stages as jobs: decoding, flow and features of a whole dataset."""

from pathlib import Path
from typing import Any

from pipeline.datasets import Video
from pipeline.extraction import STREAMS
from pipeline.fanout import Item, Job, run_job
from pipeline.grid import SnippetGrid
from pipeline.record import Outcome
from pipeline.run import Run
from pipeline.storage import fingerprint, plain
from pipeline.video import CachedFrames


def decode_videos(run: Run) -> Outcome:
    """Decode all videos into lossless caches at one frame rate."""
    items = tuple(
        Item(
            id=video.id,
            inputs=(str(video.path),),
            output=str(run.video_file("decode", video.id)),
            weight=float(video.path.stat().st_size) if video.path.is_file() else 0.0,
            arguments={"last_annotated_seconds": last_annotated_seconds(video)},
        )
        for video in run.dataset.videos
    )
    job = Job(
        stage="decode",
        function="pipeline.caching:decode",
        parameters={"config": plain(run.config.decode)},
        items=items,
    )
    failed = run_job(job, run.workdir, run.resources)
    videos = {
        video.id: cache_facts(run.video_file("decode", video.id))
        for video in run.dataset.videos
        if video.id not in failed
    }
    return Outcome(failed, videos)


def last_annotated_seconds(video: Video) -> float:
    """The last moment that the annotations speak of."""
    ends = [i.end_seconds for i in video.instances]
    return max([0.0, *ends, *(p.seconds for p in video.points or ())])


def cache_facts(path: Path) -> dict[str, Any]:
    """What later stages need to know of a decoded video."""
    with CachedFrames(path) as frames:
        start = frames.start_seconds
        grid = SnippetGrid(frames.num_frames, frames.fps, start_seconds=start)
        return {
            "frames": grid.num_frames,
            "fps": grid.fps,
            "start_seconds": grid.start_seconds,
            "end_seconds": grid.end_seconds,
            "source_sha256": frames.source["sha256"],
        }


def compute_flows(run: Run) -> Outcome:
    """Compute the optical flow of all videos."""
    known = run.facts
    items = tuple(
        Item(
            id=video.id,
            inputs=(str(run.video_file("decode", video.id)),),
            output=str(run.video_file("flow", video.id)),
            weight=known[video.id]["frames"],
            arguments={},
        )
        for video in run.usable("decode")
    )
    job = Job(
        stage="flow",
        function="pipeline.caching:compute_flow",
        parameters={"config": plain(run.config.flow)},
        items=items,
    )
    return Outcome(run_job(job, run.workdir, run.resources))


def extract_all_features(run: Run) -> Outcome:
    """Extract the features of all videos.

    On GPUs there is a worker for each, on CPUs as many as asked for.
    """
    known = run.facts
    items = tuple(
        Item(
            id=video.id,
            inputs=tuple(str(run.video_file(cache, video.id)) for cache in run.caches),
            output=str(run.video_file("features", video.id)),
            weight=known[video.id]["frames"],
            arguments={},
        )
        for video in run.usable(*run.caches)
    )
    job = Job(
        stage="features",
        function="pipeline.extraction:extract_features",
        parameters={
            "config": plain(run.config.features),
            "weights": run.weights_json(),
            "device": str(run.torch_device),
            "identities": {
                stream: fingerprint(run.stream_identity(stream))
                for stream in STREAMS[run.config.features.streams]
            },
            "siblings": plain(siblings(run)),
            "header": {"made_by": run.identity("features")},
        },
        items=items,
    )
    return Outcome(run_job(job, run.workdir, run.network_resources))


def siblings(run: Run) -> list[Path]:
    """Folders of other runs' features, where a stream may be found ready."""
    own = run.folder("features")
    return sorted(path for path in own.parent.glob("*") if path != own)
