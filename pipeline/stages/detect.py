"""Detections in the videos that are searched."""

from pathlib import Path

from pipeline.detection.activations import Response, response_path, write_response
from pipeline.detection.detections import Detection, write_detections
from pipeline.detection.proposals import detect_actions
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.features import FEATURES
from pipeline.stages.refine import REFINE, model_stage
from pipeline.stages.train import TRAIN


def detect_dataset(run: Run) -> StageResult:
    """Detect actions; write detections and class activation sequences."""
    # PyTorch takes seconds to import
    from pipeline.stages.predicting import make_predictor, predict_videos

    predictor, made_of = make_predictor(run)
    classes, config = run.dataset.classes, run.config.detect
    detections: dict[str, list[Detection]] = {}
    for video, prediction, grid in predict_videos(run, predictor, made_of):
        write_response(cas_file(run, video.id), Response(prediction, grid, classes))
        detections[video.id] = detect_actions(prediction, classes, grid, config)
    write_detections(detections_file(run), detections, DETECT.identity(run))
    return StageResult()


def detections_file(run: Run) -> Path:
    """Return the file of the detections; a CSV file with the same is next to it."""
    return DETECT.folder(run) / "detections.json"


def cas_file(run: Run, id: str) -> Path:
    """Return the file of a video's class activation sequence."""
    return response_path(DETECT.folder(run), id)


DETECT: Stage = Stage(
    name="detect",
    task="DetectActions",
    folder_name="detections",
    kind="results",
    builds_on=(FEATURES, TRAIN, REFINE),
    needs=lambda run: (FEATURES, model_stage(run)),
    sections=("ensemble", "detect"),
    content=lambda run: [video.id for video in run.searched_videos],
    work=detect_dataset,
    result=detections_file,
    label="detections",
    slurm="detect",
    is_sent=True,
    next=lambda run: "Evaluate" if run.is_scored else "Report",
)
