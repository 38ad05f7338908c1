"""Training on a dataset's features and clicks."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.config import TrainConfig
from models.fit import FitState, Samples, fit
from models.predictor import Predictor
from models.soda import SODA
from pipeline.datasets import Point
from pipeline.errors import AnnotationError, SodaError
from pipeline.features.extraction import read_features
from pipeline.model_folder.folder import load_model, save_model
from pipeline.model_folder.versions import versions
from pipeline.points import read_points
from pipeline.progress import Progress
from pipeline.run.record import Outcome
from pipeline.run.reproduce import command_of
from pipeline.run.run import Run
from pipeline.storage import plain, read_json
from pipeline.training.checkpoint import digest_of, load_checkpoint, save_checkpoint
from pipeline.training.samples import TrainingVideo, check_points, make_samples
from pipeline.training.self_training import refine_samples

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 10.0
TOLD_OF_CLICKS = ("origin", "annotators", "clicks", "classes")  # in a model's folder


def train_model(run: Run) -> Outcome:
    """Train on the training videos whose features are there; write the model folder."""
    _fit_into(run.folder("train"), read_samples(run), run)
    return Outcome()


def refine_model(run: Run) -> Outcome:
    """Train on what the trained model is sure of; write a second model folder."""
    samples = read_samples(run)
    model, _ = load_model(run.folder("train"))
    predictor = Predictor(model, run.config.train, run.torch_device)
    sequences = [predictor.predict_cells(features).cas for features in samples.features]
    refined = refine_samples(samples, sequences, run.config.refine)
    start = model.state_dict() if run.config.refine.refine_from == "first" else None
    _fit_into(run.folder("refine"), refined, run, start)
    return Outcome()


def read_samples(run: Run) -> Samples:
    """The training videos whose features are there.

    Raises:
        AnnotationError: There is none, or a click means nothing.
        SodaError: A video has features that are not finite, or not the run's.
    """
    videos = training_videos(run, read_points(run.points_file))
    classes, train = run.dataset.classes, run.config.train
    if train.frame_loss != "none":
        check_points(videos, classes, run.points_file)
    return make_samples(videos, classes, train.cells, train.scaling, train.seed)


def training_videos(
    run: Run, points: Mapping[str, Sequence[Point]]
) -> list[TrainingVideo]:
    """The training videos whose features are there, with their clicks.

    Raises:
        AnnotationError: There is none.
        SodaError: A video has features that are not the run's.
    """
    chosen = [v for v in run.usable(*run.caches, "features") if v.subset == "train"]
    if not chosen:
        raise AnnotationError(
            f"{run.dataset.source}: no video of the train subset can be used; training "
            "needs at least one"
        )
    made_by = run.identity("features")
    return [
        TrainingVideo(
            *read_features(run.video_file("features", v.id), made_by),
            labels=v.labels or clicked_labels(points.get(v.id, [])),
            points=points.get(v.id, []),
            id=v.id,
            file=run.video_file("features", v.id),
        )
        for v in chosen
    ]


def clicked_labels(points: Sequence[Point]) -> tuple[str, ...]:
    """The actions that are clicked: all that is known of a video without labels."""
    return tuple(sorted({p.label for p in points if p.kind == "action"}))


def _fit_into(
    folder: Path, samples: Samples, run: Run, start: Mapping[str, Tensor] | None = None
) -> None:
    model, history = fit_resumable(
        samples, run.config.train, run.torch_device, folder, start
    )
    clicks = read_json(run.record_path("points"))
    description: dict[str, Any] = {
        "classes": run.dataset.classes,
        "features": int(samples.features.shape[1]),
        "train": plain(run.config.train),
        "detect": plain(run.config.detect),
        "made_of": run.identity("features"),
        "weights": run.weights_json(),
        "dataset": run.dataset.name,
        "training_videos": {
            "used": len(samples),
            "of": len(run.dataset.of_subset("train")),
        },
        "clicks": {name: clicks[name] for name in TOLD_OF_CLICKS if name in clicks},
        "command": command_of(run),
        "versions": versions(),
    }
    save_model(folder, model, description, history)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def fit_resumable(
    samples: Samples,
    config: TrainConfig,
    device: torch.device,
    folder: Path,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[SODA, list[dict[str, float]]]:
    """Train, going on from the folder's checkpoint if there is one.

    Args:
        start: The networks to begin with; None draws them from the seed.
    """
    checkpoint, made_of = folder / CHECKPOINT, digest_of(samples)
    resume = load_checkpoint(checkpoint, made_of, device)
    progress = Progress(
        "TrainSODA", config.epochs, [1.0] * (config.epochs - resume.epoch), "epochs"
    )
    progress.announce()
    first, saved = resume.epoch, time.monotonic()

    def after_epoch(state: FitState) -> None:
        nonlocal saved
        check_finite(state.history[-1])
        progress.update(state.epoch - first)
        if time.monotonic() - saved >= CHECKPOINT_SECONDS:
            save_checkpoint(checkpoint, made_of, state)
            saved = time.monotonic()

    model, history = fit(
        samples,
        config,
        device,
        resume if resume.epoch else None,
        start,
        after_epoch,
    )
    progress.finish()
    return model, history


def check_finite(terms: Mapping[str, float]) -> None:
    """Stop a training that has diverged, before it is taken for a result.

    Raises:
        SodaError: A loss term is not a number or infinite.
    """
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    if bad:
        raise SodaError(
            f"training diverged: the loss ({', '.join(bad)}) is not finite after epoch "
            f"{terms['epoch']:g}; try a smaller --learning-rate"
        )
