"""What a run found, gathered for the report's pages."""

from pathlib import Path

import numpy as np

from pipeline.command_line import command_line
from pipeline.datasets import Video
from pipeline.detecting import cas_file
from pipeline.detections import Detection, read_detections
from pipeline.record import Outcome
from pipeline.report import Report, VideoReport, write_report
from pipeline.run import Run
from pipeline.storage import read_arrays, read_json


def report_run(run: Run) -> Outcome:
    """Write the report of a run whose detections are evaluated."""
    detections = read_detections(run.detections_file)
    facts = run.facts
    videos = tuple(
        video_report(
            cas_file(run, video.id),
            video,
            detections[video.id],
            facts[video.id]["end_seconds"],
        )
        for video in run.searched_videos
        if video.id in detections
    )
    report = Report(
        title=run.dataset.name,
        classes=run.dataset.classes,
        videos=videos,
        evaluation=read_json(run.record_path("evaluate")) if run.is_scored else None,
        failures=failures(run),
        command=command_line("Report"),
        parameters=run.identity("evaluate"),
        notes=notes(run),
        stage_seconds=stage_seconds(run),
    )
    write_report(run.folder("report"), report)
    return Outcome()


def video_report(
    cas: Path, video: Video, detections: list[Detection], duration_seconds: float
) -> VideoReport:
    """What is known of one test video."""
    arrays, header = read_arrays(cas)
    return VideoReport(
        id=video.id,
        subset=video.subset,
        path=video.path if video.path.is_file() else None,
        duration_seconds=duration_seconds,
        ground_truth=video.instances,
        points=video.points or (),
        detections=tuple(detections),
        cas=arrays["cas"],
        cell_seconds=np.array(header["cell_seconds"]),
        video_scores=arrays["video_scores"],
    )


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
