"""The stages: what each needs, what it is made of, and the work itself.

A stage is done when its record says that it was made of what is there now: the
stages that it needs, in their present state, and its own share of the dataset.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.experiments.stage import run_experiment
from pipeline.fanout import Item, Job, run_job
from pipeline.fanout.lock import locked
from pipeline.layout import PER_VIDEO, TASKS
from pipeline.progress import ShareDone, silent
from pipeline.report.results import detections_file
from pipeline.run.record import Outcome, Record, write_record
from pipeline.run.run import Run
from pipeline.stages.detect import detect_dataset
from pipeline.stages.evaluate import evaluate_detections
from pipeline.stages.features import (
    compute_flows,
    decode_videos,
    extract_all_features,
    last_annotated_seconds,
    resources_of,
    timeline_of,
)
from pipeline.stages.points import generate_points
from pipeline.stages.report import report_file, report_run
from pipeline.stages.train import refine_model, train_model
from pipeline.storage import (
    file_stamp,
    fingerprint,
    plain,
    read_json,
    remove_temporaries,
    write_json,
)


@dataclass(frozen=True)
class Stage:
    """One stage of the road from videos to scored detections."""

    name: str
    needs: Callable[[Run], tuple[str, ...]]
    content: Callable[[Run], Any]  # of the dataset, what the stage is made of
    outputs: Callable[[Run, Iterable[str]], list[Path]]  # but for failed videos'
    work: Callable[[Run], Outcome]
    is_sent: bool = False  # to a cluster, as a whole; others send their videos

    @property
    def task(self) -> str:
        """The Luigi task that stands for it."""
        return TASKS[self.name]


def stages_up_to(run: Run, name: str) -> list[str]:
    """A stage and all that it needs, in the order of the work."""
    below = [stage for n in STAGES[name].needs(run) for stage in stages_up_to(run, n)]
    return list(dict.fromkeys([*below, name]))


def is_done(run: Run, name: str) -> bool:
    """Whether a stage and all below it are done, of what is there now."""
    return done_stages(run, name)[name]


def done_stages(run: Run, name: str) -> dict[str, bool]:
    """Of a stage and all that it needs, whether each is done; each looked at once."""
    done: dict[str, bool] = {}
    for stage in stages_up_to(run, name):
        below = all(done[need] for need in STAGES[stage].needs(run))
        done[stage] = below and _is_current(run, stage)
    return done


def _is_current(run: Run, name: str) -> bool:
    """Whether a stage is done, if all below it are."""
    record = run.record(name)
    if record is None or record.inputs != inputs_digest(run, name):
        return False
    allowed = run.resources.max_failures * len(run.dataset.videos)
    outputs = STAGES[name].outputs(run, record.failed)
    return len(record.failed) <= allowed and count_existing(outputs) == len(outputs)


def run_stage(run: Run, name: str) -> None:
    """Do a stage's work and write its record; what it needs must be done.

    A stage that was due only because one below it was may turn out to be done: when
    that one's result came out as it had been.
    """
    with locked(run.workdir, f"{name} {run.fingerprint(name)}"):
        if not is_done(run, name):
            _work(run, name)


def _work(run: Run, name: str) -> None:
    folder, own = run.folder(name), run.fingerprint(name)
    remove_temporaries(folder, "*" if folder.name == own else f"*-{own}.*")
    inputs = inputs_digest(run, name)
    began, due = time.monotonic(), videos_due(run, name)
    if run.resources.slurm and STAGES[name].is_sent:
        outcome = send_stage(run, name)
    else:
        outcome = STAGES[name].work(run)
    seconds = time.monotonic() - began
    record = Record(
        stage=name,
        parameters=run.identity(name),
        inputs=inputs,
        seconds=round(seconds, 3),
        failed=outcome.failed,
        videos=outcome.videos,
        rate=measured_rate(run, name, due, seconds, outcome),
    )
    write_record(run.record_path(name), record, outcome.result)


def videos_due(run: Run, name: str) -> list[str]:
    """The videos that a per-video stage has no file of."""
    if name not in PER_VIDEO:
        return []
    usable = run.usable(*STAGES[name].needs(run))
    return [v.id for v in usable if not run.video_file(name, v.id).exists()]


def measured_rate(
    run: Run, name: str, due: list[str], seconds: float, outcome: Outcome
) -> float | None:
    """Frames a second and worker of what was just done; None where there were none."""
    made = set(due) - set(outcome.failed)
    if not made:
        return None
    known = run.facts if outcome.videos is None else outcome.videos
    workers = min(resources_of(run, name).jobs, len(made))
    return sum(known[id]["frames"] for id in made) / seconds / workers


def send_stage(run: Run, name: str) -> Outcome:
    """Have a worker do a stage's work, wherever workers are."""
    made_of = fingerprint([run.fingerprint(name), inputs_digest(run, name)])
    output = run.workdir / "outcomes" / f"{name}-{made_of}.json"
    job = Job(
        stage=name,
        function="pipeline.run.stage:do_stage",
        parameters={"run": run.to_json(name), "name": name},
        items=(Item(name, (), str(output), weight=1.0, arguments={}),),
        unit="job",
        tells_progress=False,
    )
    run_job(job, run.workdir, replace(run.resources, max_failures=0.0))
    outcome = Outcome(**read_json(output))
    output.unlink()
    return outcome


def do_stage(
    inputs: Sequence[Path],
    output: Path,
    run: Mapping[str, Any],
    name: str,
    progress: ShareDone = silent,
) -> None:
    """Do a stage's work in a worker, and leave its outcome as JSON."""
    write_json(output, plain(STAGES[name].work(Run.from_json(run))))


def run_up_to(run: Run, name: str) -> None:
    """Do what a stage needs and was not done, and the stage."""
    for stage in stages_up_to(run, name):
        run_stage(run, stage)


def inputs_digest(run: Run, name: str) -> str:
    """What a stage is made of: the state of those that it needs, and its content."""
    stage = STAGES[name]
    below = [run.record(need) for need in stage.needs(run)]
    return fingerprint([[r and r.digest for r in below], stage.content(run)])


def content_digest(run: Run) -> str:
    """Of all that stages are made of and no fingerprint says, the dataset above all."""
    dataset = run.dataset
    origins = [dataset.classes, dataset.videos, run.human_clicks, run.points_fps]
    return fingerprint([run.cache, STAGES[run.first_stage].content(run), origins])


def count_existing(paths: list[Path]) -> int:
    """How many of the files are there; each folder is read once."""
    listed: dict[str, set[str]] = {}
    count = 0
    for path in paths:
        folder, name = os.path.split(path)  # ten times as fast as Path's parent
        if folder not in listed:
            is_there = os.path.isdir(folder)  # noqa: PTH112
            listed[folder] = set(os.listdir(folder)) if is_there else set()
        count += name in listed[folder]
    return count


# What the stages are made of.


def source_state(run: Run) -> Any:
    """Of features: nothing that their caches do not say; else what is read for them."""
    if run.is_simulated:
        return plain([timeline_of(video) for video in run.dataset.videos])
    if run.features_folder:
        return folder_stamps(run.features_folder), [
            [v.id, v.duration_seconds, last_annotated_seconds(v)]
            for v in run.dataset.videos
        ]
    return None if run.caches else file_stamps(run)


def file_stamps(run: Run) -> list[Any]:
    """Size and time of every video file, and what its annotations reach to."""
    return [
        [v.id, *file_stamp(v.path), last_annotated_seconds(v)]
        for v in run.dataset.videos
    ]


def folder_stamps(folder: Path) -> list[Any]:
    """Size and time of every file in a folder, nested ones included."""
    return [
        [str(path), *file_stamp(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def train_annotations(run: Run) -> Any:
    """All that is annotated of the training videos."""
    return plain(
        [(v.id, v.instances, v.points) for v in run.dataset.of_subset("train")]
    )


def click_origins(run: Run) -> Any:
    """All that clicks are made of: annotations, or what people clicked."""
    return plain(
        [
            train_annotations(run),
            run.dataset.classes,
            run.human_clicks,
            run.points_fps,
        ]
    )


def train_labels(run: Run) -> Any:
    """What training may see of the dataset beside the clicks."""
    videos = run.dataset.of_subset("train")
    return plain([run.dataset.classes, [(v.id, v.labels) for v in videos]])


def searched_ids(run: Run) -> Any:
    """The videos that are searched for actions."""
    return [video.id for video in run.searched_videos]


def searched_annotations(run: Run) -> Any:
    """The ground truth."""
    return plain([(v.id, v.instances, v.ambiguous) for v in run.searched_videos])


def shown_on_pages(run: Run) -> Any:
    """The ground truth, the other model's detections, and how videos are shown."""
    other = run.compare_with and file_stamp(detections_file(run.compare_with))
    return [searched_annotations(run), other, run.proxy]


def all_annotations(run: Run) -> Any:
    """All that is known of the dataset."""
    return [click_origins(run), train_labels(run), searched_annotations(run)]


def video_outputs(stage: str) -> Callable[[Run, Iterable[str]], list[Path]]:
    """A per-video stage's files, but for the failed videos'."""

    def outputs(run: Run, failed: Iterable[str]) -> list[Path]:
        below = {v.id for v in run.usable(*STAGES[stage].needs(run))} - set(failed)
        return [
            run.video_file(stage, v.id) for v in run.dataset.videos if v.id in below
        ]

    return outputs


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            name="decode",
            needs=lambda run: (),
            content=file_stamps,
            outputs=video_outputs("decode"),
            work=decode_videos,
        ),
        Stage(
            name="flow",
            needs=lambda run: ("decode",),
            content=lambda run: None,
            outputs=video_outputs("flow"),
            work=compute_flows,
        ),
        Stage(
            name="features",
            needs=lambda run: run.caches,
            content=source_state,
            outputs=video_outputs("features"),
            work=extract_all_features,
        ),
        Stage(
            name="points",
            needs=lambda run: (run.first_stage,),
            content=click_origins,
            outputs=lambda run, failed: [run.points_file],
            work=generate_points,
        ),
        Stage(
            name="train",
            needs=lambda run: ("features", "points"),
            content=train_labels,
            outputs=lambda run, failed: [run.folder("train") / "model.safetensors"],
            work=train_model,
            is_sent=True,
        ),
        Stage(
            name="refine",
            needs=lambda run: ("features", "points", "train"),
            content=train_labels,
            outputs=lambda run, failed: [run.folder("refine") / "model.safetensors"],
            work=refine_model,
            is_sent=True,
        ),
        Stage(
            name="detect",
            needs=lambda run: ("features", run.model_stage),
            content=searched_ids,
            outputs=lambda run, failed: [run.detections_file],
            work=detect_dataset,
            is_sent=True,
        ),
        Stage(
            name="evaluate",
            needs=lambda run: ("detect",),
            content=searched_annotations,
            outputs=lambda run, failed: [],
            work=evaluate_detections,
            is_sent=True,
        ),
        Stage(
            name="report",
            needs=lambda run: ("evaluate",) if run.is_scored else ("detect",),
            content=shown_on_pages,
            outputs=lambda run, failed: [report_file(run)],
            work=report_run,
        ),
        Stage(
            name="experiment",
            needs=lambda run: ("features",),
            content=all_annotations,
            outputs=lambda run, failed: [],
            work=run_experiment,
        ),
    )
}
