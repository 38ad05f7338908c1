"""Doing what is due: a stage is done when its record matches its present inputs."""

import pkgutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import DamagedFileError
from pipeline.fanout import Item, Job, Ledger, locked, noted_inputs, run_job
from pipeline.progress import ShareDone, say, silent
from pipeline.run.record import Record, StageResult, write_record
from pipeline.run.run import Run
from pipeline.run.stage import Stage, count_existing, usable
from pipeline.storage import (
    WRITTEN,
    Proofs,
    changed_sizes,
    file_stamp,
    fingerprint,
    plain,
    proof_of,
    prove,
    read_json,
    remove_temporaries,
    tell_damage,
    write_json,
)

MOST_NAMED = 5  # files in one line


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
    if len(record.failed) > run.options.max_failures * len(run.dataset.videos):
        return False
    if record.files is None:  # of an older version, which kept no proofs
        expected = stage.expected(run, record.failed)
        return count_existing(expected) == len(expected)
    return not record.lost(stage.written(run))


def run_up_to(run: Run, last: Stage) -> None:
    """Do a stage, and whatever it needs that is not done.

    Raises:
        SodaError: A stage refuses the run, before any work, or fails.
    """
    check_stages(run, last)
    for stage in last.chain(run):
        run_stage(run, stage)


def check_stages(run: Run, last: Stage) -> None:
    """Let each stage refuse a run before any work is done.

    Raises:
        SodaError: Something that was asked for cannot be done.
    """
    for stage in last.chain(run):
        stage.check(run)


def run_stage(run: Run, stage: Stage) -> None:
    """Do a stage's work and write its record; the stages that it needs must be done.

    A stage that was due only because one below it was may turn out to be done: if
    that one's result came out unchanged. A file that turns out to be damaged when it is
    read is removed, and made again by its own stage, before the work goes on.

    Raises:
        DamagedFileError: A file is not in the work folder, or is damaged once more.
    """
    removed: set[Path] = set()
    with locked(run.workdir, f"{stage.name} {stage.fingerprint(run)}"):
        while not is_done(run, stage):
            try:
                _work(run, stage)
                return
            except DamagedFileError as error:
                found = [error, *Ledger(run.workdir, stage.name).damages()]
                ours = {e.path: e for e in found if e.path.is_relative_to(run.workdir)}
                if error.path not in ours.keys() - removed:
                    raise
                for path, damage in ours.items():
                    tell_damage(damage)
                    path.unlink(missing_ok=True)
                removed |= ours.keys()
            for below in stage.chain(run)[:-1]:
                run_stage(run, below)


def _work(run: Run, stage: Stage) -> None:
    own = stage.fingerprint(run)
    remove_temporaries(stage.folder(run), f"*-{own}.*" if stage.is_file else "*")
    inputs = inputs_digest(run, stage)
    remove_lost(run, stage, inputs)
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
        files=prove_files(run, stage),
    )
    write_record(stage.record_path(run), record, result.result)
    (stage.folder(run) / WRITTEN).unlink(missing_ok=True)


def remove_lost(run: Run, stage: Stage, inputs: str) -> None:
    """Name the files that a finished stage has lost, and remove what is left of them.

    Files that were made from other inputs are replaced anyway, unless there is one for
    each video.
    """
    before = stage.record(run)
    if not before or not (stage.is_per_video or before.inputs == inputs):
        return
    if lost := before.lost(stage.written(run)):
        more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
        say(
            f"{stage.folder(run)}: missing, or not of the size that was written: "
            f"{', '.join(lost[:MOST_NAMED])}{more}; made again"
        )
    for name in lost:
        (stage.folder(run) / name).unlink(missing_ok=True)


def prove_files(run: Run, stage: Stage) -> Proofs:
    """Return the proofs of all files that a stage has left.

    The worker that wrote a video's file has noted its proof. A file without one is of
    an older version, and there may be terabytes of these.
    """
    paths = {name: stage.folder(run) / name for name in stage.written(run)}
    known = proof_of if stage.is_per_video else prove
    return {n: known(path) for n, path in paths.items() if n not in stage.rewritten}


def videos_due(run: Run, stage: Stage) -> list[str]:
    """Return the videos that a per-video stage has no file of, or an outdated one."""
    if not stage.is_per_video:
        return []
    outdated = outdated_videos(run, stage)
    changed = {*changed_sizes(stage.folder(run))}
    files = {v.id: stage.video_file(run, v.id) for v in usable(run, stage.inputs(run))}
    return [
        id
        for id, file in files.items()
        if id in outdated or file in changed or not file.exists()
    ]


def outdated_videos(run: Run, stage: Stage) -> set[str]:
    """Return the videos whose file was made from another one than is there now.

    It was made from the video itself, or from the files of the stages below.
    """
    if run.origin != "videos":
        return set()
    outdated = set()
    for made in stage.chain(run):
        below, noted = made.inputs(run), noted_inputs(made.folder(run))
        for video in run.dataset.videos if noted else ():
            paths = [need.video_file(run, video.id) for need in below] or [video.path]
            stamps = [list(file_stamp(path)) for path in paths]
            name = made.video_file(run, video.id).name
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
    write_json(output, plain(pkgutil.resolve_name(work)(Run.from_json(run))))


def inputs_digest(run: Run, stage: Stage) -> str:
    """Return a digest of everything a stage is made from: stages below, and content."""
    below = [need.record(run) for need in stage.inputs(run)]
    return fingerprint([[r and r.digest for r in below], stage.content(run)])
