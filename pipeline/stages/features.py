"""The per-video stages as jobs: decoding, flow and features of a whole dataset."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extractors.flow import ON_DEVICE
from pipeline.datasets import Video
from pipeline.fanout import Item, Job, Resources, run_job
from pipeline.features.imported import plan_imports
from pipeline.grid import SnippetGrid
from pipeline.progress import say
from pipeline.run.record import Outcome
from pipeline.run.run import Run
from pipeline.storage import fingerprint, plain, read_header, read_json, write_json
from pipeline.video import CachedFrames


def decode_videos(run: Run) -> Outcome:
    """Decode all videos into lossless caches at one frame rate."""
    job = Job(
        stage="decode",
        function="pipeline.video.caching:decode",
        parameters=parameters_of(run, "decode"),
        items=source_items(run, "decode"),
    )
    failed = run_job(job, run.workdir, resources_of(run, "decode"))
    facts = {}
    for id, path in made(run, "decode", run.dataset.videos, failed):
        with CachedFrames(path) as frames:
            grid = SnippetGrid(
                frames.num_frames, frames.fps, start_seconds=frames.start_seconds
            )
            facts[id] = facts_of(grid, frames.source)
    return Outcome(failed, facts)


def compute_flows(run: Run) -> Outcome:
    """Compute the optical flow of all videos, on GPUs where that is possible."""
    job = Job(
        stage="flow",
        function="pipeline.video.caching:compute_flow",
        parameters=parameters_of(run, "flow"),
        items=cache_items(run, "flow", ("decode",)),
    )
    return Outcome(run_job(job, run.workdir, resources_of(run, "flow")))


def extract_all_features(run: Run) -> Outcome:
    """Extract the features of all videos, or draw or import them."""
    jobs = {
        "videos": extraction_job,
        "imported": import_job,
        "simulation": drawing_job,
    }
    job = jobs[run.origin](run)
    failed = run_job(job, run.workdir, resources_of(run, "features"))
    facts = {}
    for id, path in made(run, "features", run.usable(*run.caches), failed):
        header = read_header(path)
        facts[id] = facts_of(SnippetGrid(**header["grid"]), header["source"])
    return Outcome(failed, facts)


def extraction_job(run: Run) -> Job:
    """Features made by networks, from the caches or in one pass."""
    if run.caches:
        function = "pipeline.features.extraction:extract_features"
        items = cache_items(run, "features", run.caches)
    else:
        function = "pipeline.features.streaming:stream_features"
        items = source_items(run, "features")
    return Job("features", function, parameters_of(run, "features"), items)


def resources_of(run: Run, stage: str) -> Resources:
    """What a per-video stage may use.

    Networks have a worker on each GPU, or on CPUs as many as asked for.
    """
    has_networks = {
        "flow": run.config.flow.algorithm in ON_DEVICE,
        "features": run.origin == "videos",
    }
    return run.network_resources if has_networks.get(stage) else run.resources


def parameters_of(run: Run, stage: str) -> dict[str, Any]:
    """What a stage's function takes, the same for every video."""
    if stage == "decode":
        return {"config": plain(run.config.decode)}
    if stage == "flow":
        on_device = run.config.flow.algorithm in ON_DEVICE
        raft = run.weights["raft"] if run.uses_raft else None
        return {
            "config": plain(run.config.flow),
            "device": run.device_of("flow") if on_device else "cpu",
            "raft_weights": str(raft.path) if raft else None,
        }
    if run.caches:
        return {"recipe": recipe_of(run)}
    sections = {name: plain(getattr(run.config, name)) for name in run.sources}
    return {"recipe": recipe_of(run), "flow": None, **sections}


def recipe_of(run: Run) -> dict[str, Any]:
    """How networks make features; see `Recipe`."""
    return {
        "config": plain(run.config.features),
        "weights": run.weights_json(),
        "device": run.device_of("features"),
        "identities": {
            stream: fingerprint(run.stream_identity(stream))
            for stream in run.config.features.stream_names
        },
        "siblings": plain(siblings(run)),
        "header": {"made_by": run.identity("features")},
    }


def drawing_job(run: Run) -> Job:
    """Features drawn over timelines, of which each video has a file."""
    items = []
    for video in run.dataset.videos:
        timeline = timeline_of(video)
        path = keep_plan(run, video, timeline)
        output = str(run.video_file("features", video.id))
        seconds = timeline["duration_seconds"]
        items.append(Item(video.id, (str(path),), output, seconds, arguments={}))
    parameters = {
        "config": plain(run.config.simulation),
        "made_by": run.identity("features"),
    }
    return Job(
        "features",
        "pipeline.features.simulated:draw_features",
        parameters,
        tuple(items),
    )


def import_job(run: Run) -> Job:
    """Features of somebody else's, with the times that they stand for."""
    assert run.features_folder, "features are imported"
    timing, plans = plan_imports(
        run.features_folder,
        run.dataset.videos,
        run.config.imported,
        run.config.features.streams,
    )
    say(f"features of {run.features_folder}: {timing.sentence}")
    items = []
    for video in run.dataset.videos:
        plan = plans[video.id]
        path = keep_plan(run, video, plan)
        paths = dict.fromkeys(file["path"] for file in plan["streams"].values())
        items.append(
            Item(
                video.id,
                (str(path), *paths),
                str(run.video_file("features", video.id)),
                weight=1.0,
                arguments={"last_annotated_seconds": last_annotated_seconds(video)},
            )
        )
    return Job(
        "features",
        "pipeline.features.imported.features:import_features",
        {"made_by": run.identity("features")},
        tuple(items),
    )


def keep_plan(run: Run, video: Video, plan: dict[str, Any]) -> Path:
    """The file of a video's plan, which features are made anew of when it changes."""
    path = run.video_file("plans", video.id)
    if not path.exists() or read_json(path) != plan:
        write_json(path, plan)
    return path


def timeline_of(video: Video) -> dict[str, Any]:
    """All that simulated features of a video are drawn from, as JSON can hold it."""
    return {
        "id": video.id,
        "duration_seconds": video.duration_seconds,
        "instances": plain(video.instances),
    }


def source_items(run: Run, stage: str) -> tuple[Item, ...]:
    """The work of a stage that reads the videos themselves."""
    return tuple(
        Item(
            id=video.id,
            inputs=(str(video.path),),
            output=str(run.video_file(stage, video.id)),
            weight=float(video.path.stat().st_size) if video.path.is_file() else 0.0,
            arguments={"last_annotated_seconds": last_annotated_seconds(video)},
        )
        for video in run.dataset.videos
    )


def last_annotated_seconds(video: Video) -> float:
    """The last moment that the annotations speak of."""
    ends = [i.end_seconds for i in video.instances]
    return max([0.0, *ends, *(p.seconds for p in video.points or ())])


def cache_items(run: Run, stage: str, caches: tuple[str, ...]) -> tuple[Item, ...]:
    """The work of a stage that reads caches of the videos."""
    known = run.facts
    return tuple(
        Item(
            id=video.id,
            inputs=tuple(str(run.video_file(cache, video.id)) for cache in caches),
            output=str(run.video_file(stage, video.id)),
            weight=known[video.id]["frames"],
            arguments={},
        )
        for video in run.usable(*caches)
    )


def made(
    run: Run, stage: str, videos: Iterable[Video], failed: Iterable[str]
) -> list[tuple[str, Path]]:
    """The ids and files of the videos that a stage has not failed on."""
    return [(v.id, run.video_file(stage, v.id)) for v in videos if v.id not in failed]


def facts_of(grid: SnippetGrid, source: Mapping[str, Any]) -> dict[str, Any]:
    """What later stages need to know of a video."""
    return {
        "frames": grid.num_frames,
        "fps": grid.fps,
        "start_seconds": grid.start_seconds,
        "end_seconds": grid.end_seconds,
        "source_sha256": source["sha256"],
    }


def siblings(run: Run) -> list[Path]:
    """Folders of other runs' features, where a stream may be found ready."""
    own = run.folder("features")
    return sorted(path for path in own.parent.glob("*") if path != own)
