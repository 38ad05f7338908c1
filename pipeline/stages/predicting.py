"""The predictions of a run's model for the videos that are searched."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from models.prediction import Prediction
from models.predictor import Predictor
from pipeline.datasets import Video
from pipeline.errors import SodaError, UsageError
from pipeline.features.file import read_features
from pipeline.grid import SnippetGrid
from pipeline.model_folder.folder import load_model
from pipeline.run.run import Run
from pipeline.stages.features import FEATURES, extracted_videos
from pipeline.stages.refine import model_stage


def predict_videos(
    run: Run, predictor: Predictor, made_of: Mapping[str, Any] | None = None
) -> Iterator[tuple[Video, Prediction, SnippetGrid]]:
    """Yield the prediction for each video that is searched and has features.

    `made_of` is what the features that the model knows are made from; None takes any.

    Raises:
        SodaError: Features were made differently, or cannot be used.
    """
    for video in extracted_videos(run):
        if video.subset != run.config.detect.subset:
            continue
        path = FEATURES.video_file(run, video.id)
        features, grid = read_features(path, made_of)
        try:
            prediction = predictor.predict(features)
        except ValueError as error:
            raise SodaError(f"{path}: {error}") from error
        yield video, prediction, grid


def make_predictor(run: Run) -> tuple[Predictor, dict[str, Any]]:
    """Return the model of a run, ready for use, and what its features are made from.

    Raises:
        UsageError: The model cannot be used as the configuration asks.
    """
    model, description = load_model(model_stage(run).folder(run))
    config, device = run.config, torch.device(run.device)
    try:
        predictor = Predictor(model, config.train, device, config.ensemble)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return predictor, description["made_of"]
