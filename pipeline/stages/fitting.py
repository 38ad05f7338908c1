"""Code shared by the two stages that train: samples, and the model folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.fit import Samples
from pipeline.datasets import Point
from pipeline.errors import AnnotationError
from pipeline.features.file import read_features
from pipeline.model_folder.folder import save_model
from pipeline.model_folder.versions import versions
from pipeline.points.formats import read_points
from pipeline.run.reproduce import command_of
from pipeline.run.run import Run
from pipeline.stages.features import FEATURES, extracted_videos
from pipeline.stages.points import POINTS, points_file
from pipeline.storage import plain, read_json
from pipeline.training.fit import CHECKPOINT, fit_resumable
from pipeline.training.samples import TrainingVideo, check_points, make_samples

TOLD_OF_CLICKS = ("origin", "annotators", "clicks", "classes")  # in a model's folder


def read_samples(run: Run) -> Samples:
    """Return the training videos that have features, with their clicks as targets.

    Raises:
        AnnotationError: There is none, or a click is invalid.
        SodaError: A video has features that are not finite, or not this run's.
    """
    videos = training_videos(run, read_points(points_file(run)))
    classes, train = run.dataset.classes, run.config.train
    if train.frame_loss != "none":
        check_points(videos, classes, points_file(run))
    return make_samples(videos, classes, train.cells, train.scaling, train.seed)


def training_videos(
    run: Run, points: Mapping[str, Sequence[Point]]
) -> list[TrainingVideo]:
    """Return the training videos that have features, with their clicks.

    Raises:
        AnnotationError: There is none.
        SodaError: A video has features that are not this run's.
    """
    chosen = [v for v in extracted_videos(run) if v.subset == "train"]
    if not chosen:
        raise AnnotationError(
            f"{run.dataset.source}: no video of the train subset can be used; training "
            "needs at least one"
        )
    made_by, human = FEATURES.identity(run), run.human_clicks
    return [
        TrainingVideo(
            *read_features(FEATURES.video_file(run, v.id), made_by),
            labels=v.labels or (human.labels(v.id) if human else ()),
            points=points.get(v.id, []),
            id=v.id,
            file=FEATURES.video_file(run, v.id),
        )
        for v in chosen
    ]


def fit_into(
    folder: Path, samples: Samples, run: Run, start: Mapping[str, Tensor] | None = None
) -> None:
    """Train from `start`, or from networks that the seed draws; write the folder."""
    model, history = fit_resumable(
        samples, run.config.train, torch.device(run.device), folder, start
    )
    clicks, trained = read_json(POINTS.record_path(run)), run.dataset.of_subset("train")
    description = {
        "classes": run.dataset.classes,
        "features": int(samples.features.shape[1]),
        "train": plain(run.config.train),
        "detect": plain(run.config.detect),
        "made_of": FEATURES.identity(run),
        "weights": plain(run.weights),
        "dataset": run.dataset.name,
        "training_videos": {"used": len(samples), "of": len(trained)},
        "clicks": {name: clicks[name] for name in TOLD_OF_CLICKS if name in clicks},
        "command": command_of(run),
        "versions": versions(),
    }
    save_model(folder, model, description, history)
    (folder / CHECKPOINT).unlink(missing_ok=True)
