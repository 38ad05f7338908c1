"""What a run found, gathered for the report's pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.datasets import Point, Video
from pipeline.evaluation import evaluate
from pipeline.points import read_points
from pipeline.report import Model, Report, VideoReport, write_report
from pipeline.report.results import (
    FoundActions,
    comparison_notes,
    model_names,
    read_found,
)
from pipeline.run.command_line import command_line
from pipeline.run.record import Outcome
from pipeline.run.run import Run
from pipeline.storage import read_json


def report_run(run: Run) -> Outcome:
    """Write the report of a run whose detections are evaluated."""
    found = [read_found(run.detections_file)]
    if run.compare_with:
        found.append(read_found(run.compare_with))
        found[0].check_same(found[1])
    points = read_points(run.points_file)
    report = Report(
        title=run.dataset.name,
        classes=run.dataset.classes,
        videos=tuple(
            video_report(
                video,
                points.get(video.id, ()),
                found,
                run.facts[video.id]["end_seconds"],
            )
            for video in run.searched_videos
            if video.id in found[0].detections
        ),
        models=tuple(
            Model(name, scores(run, each))
            for name, each in zip(model_names(found), found, strict=True)
        ),
        command=command_line("Report"),
        failures=failures(run),
        parameters=run.identity("evaluate"),
        origins=origins(run),
        notes=(*notes(run), *comparison_notes(found)),
        stage_seconds=stage_seconds(run),
    )
    write_report(run.folder("report"), report, run.proxy)
    return Outcome()


def video_report(
    video: Video,
    points: Sequence[Point],
    found: list[FoundActions],
    duration_seconds: float,
) -> VideoReport:
    """What is known of one searched video, and what each model found."""
    return VideoReport(
        id=video.id,
        subset=video.subset,
        path=video.path if video.path.is_file() else None,
        duration_seconds=duration_seconds,
        ground_truth=(*video.instances, *video.ambiguous),
        points=tuple(points or video.points or ()),
        findings=tuple(each.findings(video.id) for each in found),
    )


def scores(run: Run, found: FoundActions) -> dict[str, Any] | None:
    """How a model scores on the run's ground truth; None where there is none."""
    if not run.is_scored:
        return None
    if found.path == run.detections_file:
        evaluation: dict[str, Any] = read_json(run.record_path("evaluate"))
        return evaluation
    return evaluate(run.ground_truth, found.detections, run.config.evaluate).to_json()


def origins(run: Run) -> dict[str, str]:
    """What the detections were made of: fingerprints, and where weights are from."""
    weights = {
        f"{part} weights": f"{w.origin}, sha256 {w.sha256}" if w else "none (hof)"
        for part, w in run.weights.items()
    }
    return {
        "feature fingerprint": run.fingerprint("features"),
        **weights,
        "points": run.points_source or run.fingerprint("points"),
        "model": str(run.folder(run.model_stage)),
        "detections": str(run.detections_file),
    }


def failures(run: Run) -> dict[str, str]:
    """Why videos failed, whatever the stage."""
    records = map(run.record, (*run.caches, "features"))
    return {
        id: why for record in records if record for id, why in record.failed.items()
    }


def notes(run: Run) -> tuple[str, ...]:
    """What a reader must know to compare the figures."""
    if run.is_simulated:
        return (simulation_note(run),)
    if run.features_folder:
        return (f"features of {run.features_folder}, made elsewhere",)
    sentences = [
        f"{part} features: " + (w.origin if w else "hof, without a network")
        for part, w in run.weights.items()
        if part != "raft"
    ]
    if "flow" in run.sources:
        algorithm = run.config.flow.algorithm
        other = ", not the paper's tvl1" if algorithm != "tvl1" else ""
        sentences.append(f"optical flow: {algorithm}{other}")
    return tuple(sentences)


def simulation_note(run: Run) -> str:
    """That features are simulated, and how, for whoever sees a figure of theirs."""
    simulation = run.config.simulation
    return (
        f"SIMULATED FEATURES: drawn over the annotations of {run.timeline} "
        f"(difficulty {simulation.difficulty:g}, seed {simulation.seed}), no video was "
        "looked at; the figures are not comparable with those of real videos"
    )


def stage_seconds(run: Run) -> dict[str, float]:
    """How long each stage took when it was done."""
    stages = (*run.caches, "features", "points", "train", "detect", "evaluate")
    records = {stage: run.record(stage) for stage in stages}
    return {stage: record.seconds for stage, record in records.items() if record}


def report_file(run: Run) -> Path:
    """The page to open."""
    return run.folder("report") / "index.html"
