"""Doing what is due: a stage is done when its record matches its present inputs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline.fanout import Item, Job, locked, noted_inputs, run_job
from pipeline.progress import ShareDone, silent
from pipeline.run.record import Record, StageResult, write_record
from pipeline.run.run import Run
from pipeline.run.stage import Stage, count_existing, usable
from pipeline.storage import (
    file_stamp,
    fingerprint,
    plain,
    read_json,
    remove_temporaries,
    write_json,
)


def is_done(run: Run, stage: Stage) -> bool:
    """Return whether a stage and all below it are done, from their present inputs."""
    return done_stages(run, stage)[stage]


def done_stages(run: Run, last: Stage) -> dict[Stage, bool]:
    """Return whether a stage, and each below it, is done; each is looked at once."""
    done: dict[Stage, bool] = {}
    for stage in last.chain(run):
        below = all(done[need] for need in stage.inputs(run))
        done[stage] = below and _is_current(run, stage)
    return done


def _is_current(run: Run, stage: Stage) -> bool:
    """Return whether a stage is done, given that all below it are."""
    record = stage.record(run)
    if record is None or record.inputs != inputs_digest(run, stage):
        return False
    allowed = run.options.max_failures * len(run.dataset.videos)
    expected = stage.expected(run, record.failed)
    return len(record.failed) <= allowed and count_existing(expected) == len(expected)


def run_up_to(run: Run, last: Stage) -> None:
    """Do a stage, and whatever it needs that is not done."""
    for stage in last.chain(run):
        run_stage(run, stage)


def run_stage(run: Run, stage: Stage) -> None:
    """Do a stage's work and write its record; the stages that it needs must be done.

    A stage that was due only because one below it was may turn out to be done: if
    that one's result came out unchanged.
    """
    with locked(run.workdir, f"{stage.name} {stage.fingerprint(run)}"):
        if not is_done(run, stage):
            _work(run, stage)


def _work(run: Run, stage: Stage) -> None:
    own = stage.fingerprint(run)
    remove_temporaries(stage.folder(run), f"*-{own}.*" if stage.is_file else "*")
    inputs = inputs_digest(run, stage)
    began, due = time.monotonic(), videos_due(run, stage)
    sent = run.slurm is not None and stage.is_sent
    result = send_stage(run, stage) if sent else stage.work(run)
    seconds = time.monotonic() - began
    record = Record(
        stage=stage.name,
        parameters=stage.identity(run),
        inputs=inputs,
        seconds=round(seconds, 3),
        failed=result.failed,
        videos=result.videos,
        rate=measured_rate(run, stage, due, seconds, result),
    )
    write_record(stage.record_path(run), record, result.result)


def videos_due(run: Run, stage: Stage) -> list[str]:
    """Return the videos that a per-video stage has no file of, or an outdated one."""
    if not stage.is_per_video:
        return []
    outdated = outdated_videos(run, stage)
    return [
        video.id
        for video in usable(run, stage.inputs(run))
        if video.id in outdated or not stage.video_file(run, video.id).exists()
    ]


def outdated_videos(run: Run, stage: Stage) -> set[str]:
    """Return the videos whose file was made from another one than is there now.

    It was made from the video itself, or from the files of the stages below.
    """
    if run.origin != "videos":
        return set()
    below, noted = stage.inputs(run), noted_inputs(stage.folder(run))
    outdated = {id for need in below for id in outdated_videos(run, need)}
    for video in run.dataset.videos if noted else ():
        paths = [need.video_file(run, video.id) for need in below] or [video.path]
        stamps = [list(file_stamp(path)) for path in paths]
        name = stage.video_file(run, video.id).name
        if [None, None] not in stamps and noted.get(name, stamps) != stamps:
            outdated.add(video.id)
    return outdated


def measured_rate(
    run: Run, stage: Stage, due: Sequence[str], seconds: float, result: StageResult
) -> float | None:
    """Return the frames per second and worker of finished work; None without any."""
    made = set(due) - set(result.failed)
    if not made:
        return None
    workers = min(stage.resources(run).jobs, len(made))
    facts = result.videos
    if facts is None:  # a stage below has found them
        records = (need.record(run) for need in stage.inputs(run))
        facts = next(r.facts for r in records if r and r.videos is not None)
    return sum(facts[id].frames for id in made) / seconds / workers


def send_stage(run: Run, stage: Stage) -> StageResult:
    """Let a worker of the cluster do a stage's work."""
    made_of = fingerprint([stage.fingerprint(run), inputs_digest(run, stage)])
    output = run.workdir / "outcomes" / f"{stage.name}-{made_of}.json"
    job = Job(
        stage=stage.name,
        function=f"{__name__}:do_work",
        parameters={
            "run": run.to_json(stage.slurm),
            "work": f"{stage.work.__module__}:{stage.work.__name__}",
        },
        items=(Item(stage.name, (), str(output), weight=1.0, arguments={}),),
        unit="job",
        tells_progress=False,
    )
    run_job(job, run.workdir, replace(stage.resources(run), max_failures=0.0))
    result = StageResult(**read_json(output))
    output.unlink()
    return result


def do_work(
    inputs: Sequence[Path],
    output: Path,
    run: Mapping[str, Any],
    work: str,
    progress: ShareDone = silent,
) -> None:
    """Do a stage's work, `module:name`, in a worker, and write its result as JSON."""
    module, name = work.split(":")
    result = getattr(import_module(module), name)(Run.from_json(run))
    write_json(output, plain(result))


def inputs_digest(run: Run, stage: Stage) -> str:
    """Return a digest of everything a stage is made from: stages below, and content."""
    below = [need.record(run) for need in stage.inputs(run)]
    return fingerprint([[r and r.digest for r in below], stage.content(run)])
