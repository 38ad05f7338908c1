"""Pages that show the detections, and how good they are."""

from typing import Any

from pipeline.errors import InputNotFoundError
from pipeline.evaluation import Scores, evaluate
from pipeline.points.formats import read_points
from pipeline.report import Model, RunReport, VideoReport, write_report
from pipeline.report.results import (
    DetectionSet,
    comparison_notes,
    detections_in,
    model_names,
    read_detection_set,
)
from pipeline.run.command_line import command_line
from pipeline.run.notes import notes
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.detect import DETECT, detections_file
from pipeline.stages.evaluate import EVALUATE, searched_annotations
from pipeline.stages.features import FEATURES, facts
from pipeline.stages.points import POINTS, points_file
from pipeline.stages.refine import model_stage
from pipeline.stages.train import TRAIN
from pipeline.storage import file_stamp, read_json


def report_run(run: Run) -> StageResult:
    """Write the pages of a run whose detections exist, scored if they can be."""
    found = [read_detection_set(detections_file(run))]
    if run.options.compare_with:
        found.append(read_detection_set(run.options.compare_with))
        found[0].check_same(found[1])
    points, known = read_points(points_file(run)), facts(run)
    report = RunReport(
        title=run.dataset.name,
        classes=run.dataset.classes,
        videos=tuple(
            VideoReport(
                id=video.id,
                subset=video.subset,
                path=video.path if video.path.is_file() else None,
                duration_seconds=known[video.id].end_seconds,
                ground_truth=(*video.instances, *video.ambiguous),
                points=tuple(points.get(video.id) or video.points or ()),
                findings=tuple(each.findings(video.id) for each in found),
            )
            for video in run.searched_videos
            if video.id in found[0].detections
        ),
        models=tuple(
            Model(name, scores_of(run, each))
            for name, each in zip(model_names(found), found, strict=True)
        ),
        command=command_line(REPORT.task, REPORT.task),
        failures=failures(run),
        parameters=EVALUATE.identity(run),
        origins=origins(run),
        notes=(*notes(run), *comparison_notes(found)),
        stage_seconds=stage_seconds(run),
    )
    write_report(REPORT.folder(run), report, run.options.proxy)
    return StageResult()


def scores_of(run: Run, found: DetectionSet) -> Scores | None:
    """Return a model's scores on the run's ground truth; None if there is none."""
    if not run.is_scored:
        return None
    if found.path == detections_file(run):
        return Scores.from_json(read_json(EVALUATE.record_path(run)))
    return evaluate(run.ground_truth, found.detections, run.config.evaluate).scores


def origins(run: Run) -> dict[str, str]:
    """Return what the detections were made from: fingerprints and weights."""
    weights = {
        f"{part} weights": f"{w.origin}, sha256 {w.sha256}" if w else "none (hof)"
        for part, w in run.weights.items()
    }
    human = run.human_clicks
    return {
        "feature fingerprint": FEATURES.fingerprint(run),
        **weights,
        "points": ", ".join(human.files) if human else POINTS.fingerprint(run),
        "model": str(model_stage(run).folder(run)),
        "detections": str(detections_file(run)),
    }


def failures(run: Run) -> dict[str, str]:
    """Return why videos failed in any stage, by id."""
    records = [stage.record(run) for stage in FEATURES.chain(run)]
    return {
        id: why for record in records if record for id, why in record.failed.items()
    }


def stage_seconds(run: Run) -> dict[str, float]:
    """Return how long each stage took when it was done."""
    stages = (*FEATURES.chain(run), POINTS, TRAIN, DETECT, EVALUATE)
    records = {stage.name: stage.record(run) for stage in stages}
    return {name: record.seconds for name, record in records.items() if record}


def shown_on_pages(run: Run) -> Any:
    """Return the ground truth, the other model's detections, and how videos show."""
    other = run.options.compare_with
    stamp = other and file_stamp(detections_in(other))
    return [searched_annotations(run), stamp, run.options.proxy]


def check_comparison(run: Run) -> None:
    """Refuse --compare-with if there are no detections.

    Raises:
        InputNotFoundError: There is no such file.
    """
    other = run.options.compare_with
    if other and not detections_in(other).is_file():
        raise InputNotFoundError(
            f"--compare-with {other}: expected a folder with detections.json, or a "
            "file of detections, found neither; check the path"
        )


REPORT: Stage = Stage(
    name="report",
    task="Report",
    folder_name="report",
    kind="reports",
    builds_on=(EVALUATE,),
    reads=lambda run: (EVALUATE,) if run.is_scored else (DETECT,),
    parameters=lambda run: (
        {"compare_with": str(other)} if (other := run.options.compare_with) else {}
    ),
    options=("proxy", "compare_with"),
    content=shown_on_pages,
    work=report_run,
    result=lambda run: REPORT.folder(run) / "index.html",
    label="report",
    check=check_comparison,
)
