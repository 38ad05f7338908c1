"""Features of each snippet, RGB and flow: extracted, imported or drawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.datasets import Video
from pipeline.fanout import Item, Job, run_job
from pipeline.features.imported.plan import plan_imports
from pipeline.grid import SnippetGrid
from pipeline.progress import say
from pipeline.run.record import StageResult, VideoFacts
from pipeline.run.run import Run
from pipeline.run.stage import Stage, usable
from pipeline.stages.decode import DECODE
from pipeline.stages.flow import FLOW
from pipeline.stages.per_video import (
    cache_items,
    facts_of,
    file_stamps,
    last_annotated_seconds,
    source_items,
)
from pipeline.storage import (
    file_name,
    file_stamp,
    plain,
    read_header,
    read_json_if_whole,
    write_json,
)

PLANS = "plans"  # the folder of what features are drawn from, or imported by


def extract_all_features(run: Run) -> StageResult:
    """Extract the features of all videos, or import or draw them."""
    jobs = {"videos": extraction_job, "imported": import_job, "simulation": drawing_job}
    job = jobs[run.origin](run)
    failed = run_job(job, run.workdir, FEATURES.resources(run))
    facts = {}
    for video in usable(run, FEATURES.inputs(run)):
        if video.id not in failed:
            header = read_header(FEATURES.video_file(run, video.id))
            grid = SnippetGrid(**header["grid"])
            facts[video.id] = facts_of(grid, header["source"])
    return StageResult(failed, facts)


def extraction_job(run: Run) -> Job:
    """Return the job that makes features by networks, from caches or in one pass."""
    if FEATURES.inputs(run):
        function = "pipeline.features.jobs:extract_features"
        items = cache_items(run, FEATURES)
    else:
        function = "pipeline.features.jobs:stream_features"
        items = source_items(run, FEATURES)
    return Job(FEATURES.name, function, extraction(run), items)


def extraction(run: Run) -> dict[str, Any]:
    """Return the parameters of extracting the features of one video."""
    own, config = FEATURES.folder(run), run.config
    recipe = {
        "config": plain(config.features),
        "weights": plain(run.weights),
        "device": run.device_of(FEATURES.slurm),
        "identities": {
            stream: FEATURES.fingerprint(run.with_stream(stream))
            for stream in config.features.stream_names
        },
        "siblings": sorted(str(p) for p in own.parent.glob("*") if p != own),
        "made_by": FEATURES.identity(run),
    }
    if FEATURES.inputs(run):
        return {"recipe": recipe}
    flow = plain(config.flow) if run.uses_flow else None
    return {"recipe": recipe, "decode": plain(config.decode), "flow": flow}


def drawing_job(run: Run) -> Job:
    """Return the job that draws features over timelines, each video's in a file."""
    items = []
    for video in run.dataset.videos:
        timeline = timeline_of(video)
        path = keep_plan(run, video, timeline)
        output = str(FEATURES.video_file(run, video.id))
        seconds = timeline["duration_seconds"]
        items.append(Item(video.id, (str(path),), output, seconds, arguments={}))
    function = "pipeline.features.simulated:draw_features"
    config, made_by = plain(run.config.simulation), FEATURES.identity(run)
    parameters = {"config": config, "made_by": made_by}
    return Job(FEATURES.name, function, parameters, tuple(items))


def import_job(run: Run) -> Job:
    """Return the job that imports other systems' features, with their times."""
    assert run.options.features_dir, "features are imported"
    timing, plans = plan_imports(
        run.options.features_dir,
        run.dataset.videos,
        run.config.imported,
        run.config.features.streams,
    )
    say(f"features of {run.options.features_dir}: {timing.sentence}")
    items = []
    for video in run.dataset.videos:
        plan = plans[video.id]
        path = keep_plan(run, video, plan)
        paths = dict.fromkeys(file["path"] for file in plan["streams"].values())
        output = str(FEATURES.video_file(run, video.id))
        last = {"last_annotated_seconds": last_annotated_seconds(video)}
        items.append(Item(video.id, (str(path), *paths), output, 1.0, last))
    function = "pipeline.features.imported.features:import_features"
    parameters = {"made_by": FEATURES.identity(run)}
    return Job(FEATURES.name, function, parameters, tuple(items))


def keep_plan(run: Run, video: Video, plan: dict[str, Any]) -> Path:
    """Write a video's plan if it has changed, which makes its features due again."""
    folder = run.workdir / PLANS / FEATURES.fingerprint(run)
    path = folder / f"{file_name(video.id)}.json"
    if read_json_if_whole(path) != plan:
        write_json(path, plan)
    return path


def timeline_of(video: Video) -> dict[str, Any]:
    """Return everything that a video's simulated features are drawn from, as JSON."""
    return {
        "id": video.id,
        "duration_seconds": video.duration_seconds,
        "instances": plain(video.instances),
    }


def source_state(run: Run) -> Any:
    """Return the state of whatever features are made from, unless caches record it."""
    if run.is_simulated:
        return plain([timeline_of(video) for video in run.dataset.videos])
    if run.options.features_dir:
        files = sorted(run.options.features_dir.rglob("*"))
        stamps = [[str(path), *file_stamp(path)] for path in files if path.is_file()]
        return stamps, [
            [v.id, v.duration_seconds, last_annotated_seconds(v)]
            for v in run.dataset.videos
        ]
    return None if FEATURES.inputs(run) else file_stamps(run)


def first_stage(run: Run) -> Stage:
    """Return the stage that reads the videos themselves."""
    return (*FEATURES.inputs(run), FEATURES)[0]


def facts(run: Run) -> Mapping[str, VideoFacts]:
    """Return what reading found out about each video, by id."""
    record = first_stage(run).record(run)
    assert record, "reading comes first"
    return record.facts


def extracted_videos(run: Run) -> list[Video]:
    """Return the videos whose features exist."""
    return usable(run, (*FEATURES.inputs(run), FEATURES))


def _needs(run: Run) -> tuple[Stage, ...]:
    if run.origin != "videos":
        return ()
    return (DECODE, FLOW) if run.uses_flow else (DECODE,)


FEATURES: Stage = Stage(
    name="features",
    task="ExtractFeatures",
    folder_name="features",
    kind="features",
    suffix=".safetensors",
    other_folders=(PLANS,),
    builds_on=(DECODE, FLOW),
    needs=_needs,
    # With `--cache features` it makes in passing what these would leave on disk.
    reads=lambda run: _needs(run) if run.options.cache == "all" else (),
    sections=("simulation", "features", "imported"),
    content=source_state,
    work=extract_all_features,
    slurm="features",
    runs_networks=lambda run: run.origin == "videos",
    next=lambda run: "TrainSODA",
)
