"""A trained model, used on a dataset's videos."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.prediction import Prediction
from models.predictor import Predictor
from pipeline.datasets import Video
from pipeline.detection.activations import Response, response_path, write_response
from pipeline.detection.detections import Detection, write_detections
from pipeline.detection.proposals import detect_actions
from pipeline.errors import SodaError, UsageError
from pipeline.features.extraction import read_features
from pipeline.grid import SnippetGrid
from pipeline.model_folder.folder import load_model
from pipeline.run.record import Outcome
from pipeline.run.run import Run


def detect_dataset(run: Run) -> Outcome:
    """Detect actions; write detections and activation sequences."""
    predictor, made_of = make_predictor(run)
    classes = run.dataset.classes
    detections: dict[str, list[Detection]] = {}
    for video, prediction, grid in predict_videos(run, predictor, made_of):
        said = Response(prediction, grid, classes)
        write_response(cas_file(run, video.id), said)
        detections[video.id] = detect_actions(
            prediction, classes, grid, run.config.detect
        )
    write_detections(run.detections_file, detections, run.identity("detect"))
    return Outcome()


def predict_videos(
    run: Run, predictor: Predictor, made_of: Mapping[str, Any] | None = None
) -> Iterator[tuple[Video, Prediction, SnippetGrid]]:
    """What a model says of each video that is searched and has features.

    Args:
        run: Whose videos these are.
        predictor: The model, ready for use.
        made_of: What the features that it knows are made of; None takes any.

    Raises:
        SodaError: Features are of another making, or cannot be used.
    """
    for video in run.usable(*run.caches, "features"):
        if video.subset != run.config.detect.subset:
            continue
        path = run.video_file("features", video.id)
        features, grid = read_features(path, made_of)
        try:
            prediction = predictor.predict(features)
        except ValueError as error:
            raise SodaError(f"{path}: {error}") from error
        yield video, prediction, grid


def make_predictor(run: Run) -> tuple[Predictor, dict[str, Any]]:
    """The model of a run, ready for use, and what the features it knows are made of.

    Raises:
        UsageError: The model cannot be used as the configuration wants it.
    """
    model, description = load_model(run.folder(run.model_stage))
    config = run.config
    try:
        predictor = Predictor(model, config.train, run.torch_device, config.ensemble)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return predictor, description["made_of"]


def cas_file(run: Run, id: str) -> Path:
    """Where the activation sequence of a video lies."""
    return response_path(run.folder("detect"), id)
