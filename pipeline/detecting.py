"""A trained model, used on a dataset's videos or on any new video."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.config import TrainConfig
from models.predictor import Prediction, Predictor
from pipeline.caching import ShareDone, silent
from pipeline.datasets import BACKGROUND, Video
from pipeline.detections import Detection, write_detections
from pipeline.device import choose_device
from pipeline.errors import SodaError, UsageError
from pipeline.extraction import Recipe, read_features
from pipeline.fanout import file_name
from pipeline.grid import SnippetGrid
from pipeline.model_folder import load_model
from pipeline.networks import find_network
from pipeline.proposals import DetectConfig, detect_actions
from pipeline.record import Outcome
from pipeline.run import Run
from pipeline.storage import plain, write_arrays
from pipeline.streaming import stream_features


def detect_dataset(run: Run) -> Outcome:
    """Detect actions; write detections and activation sequences."""
    predictor, made_of = make_predictor(run)
    classes = run.dataset.classes
    detections: dict[str, list[Detection]] = {}
    for video, prediction, grid in predict_videos(run, predictor, made_of):
        write_cas(cas_file(run, video.id), prediction, grid, classes)
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
    return run.folder("detect") / "cas" / f"{file_name(id)}.safetensors"


def write_cas(
    path: Path, prediction: Prediction, grid: SnippetGrid, classes: tuple[str, ...]
) -> None:
    """Write a video's class activation sequence and scores, with their times."""
    cells = prediction.cas.shape[1]
    write_arrays(
        path,
        {"cas": prediction.cas, "video_scores": prediction.video_scores},
        {
            "categories": [BACKGROUND, *classes],
            "cells": cells,
            "cell_seconds": [
                grid.position_to_seconds(cell + 0.5, cells) for cell in range(cells)
            ],
            "grid": grid.to_dict(),
        },
    )


def detect(
    video: Path,
    model: Path,
    device: str = "auto",
    config: DetectConfig | None = None,
    progress: ShareDone = silent,
) -> list[Detection]:
    """Detect actions in one video of any kind, by descending score.

    Args:
        video: A file that FFmpeg reads.
        model: A folder that TrainSODA wrote.
        device: `cpu`, `cuda` or `auto`.
        config: None means the one that the model was trained with.
        progress: Called with the share that is done.

    Raises:
        UsageError: The device does not exist here, or the model is of simulated
            features.
        VideoError: The video cannot be used.
        InputNotFoundError: The folder holds no model.
        WeightsError: The weights of the model's features are not to be had.
    """
    soda, description = load_model(model)
    for section, kind in (("simulation", "simulated"), ("imported", "imported")):
        if section in description["made_of"]:
            raise UsageError(
                f"{model}: trained on {kind} features, which cannot be made of a video "
                "here; give a model that was trained on videos"
            )
    torch_device = choose_device(device)
    with tempfile.TemporaryDirectory(prefix="soda-") as folder:
        path = _features_like(
            description, video, Path(folder), str(torch_device), progress
        )
        features, grid = read_features(path)
    train = TrainConfig(**description["train"])
    prediction = Predictor(soda, train, torch_device).predict(features)
    chosen = config or _detect_config(description)
    return detect_actions(prediction, tuple(description["classes"]), grid, chosen)


def _detect_config(description: dict[str, Any]) -> DetectConfig:
    fields = description["detect"]
    return DetectConfig(**{**fields, "cas_thresholds": tuple(fields["cas_thresholds"])})


def _features_like(
    description: dict[str, Any],
    video: Path,
    folder: Path,
    device: str,
    progress: ShareDone,
) -> Path:
    """Make a video's features in the way that the model was trained on."""
    made_of = description["made_of"]
    path = folder / "features.safetensors"
    streams = [part for part in made_of["weights"] if part != "raft"]
    recipe = Recipe(
        {**made_of["features"], "streams": "both" if streams[1:] else streams[0]},
        _weights_like(description),
        device,
    )
    stream_features(
        [video],
        path,
        made_of["decode"],
        made_of.get("flow"),
        plain(recipe),
        progress=progress,
    )
    return path


def _weights_like(description: dict[str, Any]) -> dict[str, dict[str, str] | None]:
    """The weights that a model's features were made with, and no others."""
    made_of = description["made_of"]
    chosen: dict[str, dict[str, str] | None] = {}
    for part, expected in made_of["weights"].items():
        if expected == "hof":
            chosen[part] = None
            continue
        then = Path(description["weights"][part]["path"])
        local = then if then.exists() else None
        weights = find_network(part, made_of["features"]["extractor"], local)
        if weights.sha256 != expected:
            raise SodaError(
                f"the model was trained with {part} weights {expected}, "
                f"found {weights.sha256} ({weights.path}, {weights.origin}); features "
                "of other weights mean nothing to it"
            )
        chosen[part] = plain(asdict(weights))
    return chosen
