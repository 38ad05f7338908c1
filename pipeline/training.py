"""Training on a dataset's features and clicks, and the folder that holds the model."""

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file

from models.config import TrainConfig
from models.fit import FitState, Samples, fit
from models.rescale import rescale
from models.soda import SODA, build_soda
from pipeline.datasets import Point
from pipeline.errors import AnnotationError, InputNotFoundError, SodaError
from pipeline.extraction import read_features
from pipeline.grid import SnippetGrid
from pipeline.points import read_points
from pipeline.progress import Progress
from pipeline.record import Outcome
from pipeline.run import Run
from pipeline.storage import atomic_path, plain, read_json, write_json, write_text

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class TrainingVideo:
    """What training sees of one video."""

    features: Float[np.ndarray, "snippets features"]
    grid: SnippetGrid
    labels: tuple[str, ...]
    points: Sequence[Point]


def make_samples(
    videos: Sequence[TrainingVideo], classes: tuple[str, ...], cells: int
) -> Samples:
    """Bring all videos to T cells, and their labels and points to targets."""
    sequences = [rescale(torch.from_numpy(v.features).T, cells) for v in videos]
    labels = [[float(name in v.labels) for name in classes] for v in videos]
    targets = [frame_targets(v.points, v.grid, classes, cells) for v in videos]
    return Samples(
        torch.stack(sequences),
        torch.tensor(labels),
        torch.from_numpy(np.stack(targets)),
    )


def frame_targets(
    points: Sequence[Point], grid: SnippetGrid, classes: tuple[str, ...], cells: int
) -> Float[np.ndarray, "categories cells"]:
    """The frame loss's targets: a column sums to 1 where a point lies, else to 0.

    Where points of several labels share a cell, action beats background and several
    actions share it equally.
    """
    targets = np.zeros((len(classes) + 1, cells), dtype=np.float32)
    for point in points:
        row = 1 + classes.index(point.label) if point.kind == "action" else 0
        targets[row, grid.cell_at(point.seconds, cells)] = 1
    targets[0, targets[1:].any(axis=0)] = 0
    total: np.ndarray = targets.sum(axis=0, keepdims=True)
    return targets / np.maximum(total, 1)


def train_model(run: Run) -> Outcome:
    """Train on the training videos whose features are there; write the model folder."""
    points = read_points(run.points_file)
    chosen = [v for v in run.usable(*run.caches, "features") if v.subset == "train"]
    if not chosen:
        raise AnnotationError(
            f"{run.dataset.source}: no video of the train subset can be used; training "
            "needs at least one"
        )
    videos = [
        TrainingVideo(
            *read_features(run.video_file("features", v.id)),
            labels=v.labels,
            points=points.get(v.id, []),
        )
        for v in chosen
    ]
    samples = make_samples(videos, run.dataset.classes, run.config.train.cells)
    folder = run.folder("train")
    model, history = fit_resumable(samples, run.config.train, run.torch_device, folder)
    description = {
        "classes": run.dataset.classes,
        "features": int(samples.features.shape[1]),
        "train": plain(run.config.train),
        "detect": plain(run.config.detect),
        "made_of": run.identity("features"),
        "weights": run.weights_json(),
        "dataset": run.dataset.name,
        "training_videos": len(videos),
    }
    save_model(folder, model, description, history)
    return Outcome()


def fit_resumable(
    samples: Samples, config: TrainConfig, device: torch.device, folder: Path
) -> tuple[SODA, list[dict[str, float]]]:
    """Train, going on from the folder's checkpoint if there is one."""
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
        samples, config, device, resume if resume.epoch else None, after_epoch
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


def digest_of(samples: Samples) -> str:
    """Hash of all that is trained on, so that no checkpoint of other data is used."""
    digest = hashlib.sha256()
    for tensor in (samples.features, samples.labels, samples.targets):
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def save_checkpoint(path: Path, made_of: str, state: FitState) -> None:
    """Write a training's state, whole or not at all."""
    with atomic_path(path) as temporary:
        torch.save({"made_of": made_of, "state": asdict(state)}, temporary)


def load_checkpoint(path: Path, made_of: str, device: torch.device) -> FitState:
    """Read a training's state; a fresh one where there is none of the same data."""
    if not path.exists():
        return FitState()
    saved = torch.load(path, map_location=device, weights_only=True)
    return FitState(**saved["state"]) if saved["made_of"] == made_of else FitState()


def save_model(
    folder: Path,
    model: SODA,
    description: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
) -> None:
    """Write the model folder; `model.safetensors` comes last."""
    write_json(folder / "config.json", plain(description))
    lines = [json.dumps(terms) for terms in history]
    write_text(folder / "metrics.jsonl", "".join(line + "\n" for line in lines))
    write_text(folder / "README.md", model_card(description))
    with atomic_path(folder / "model.safetensors") as temporary:
        state = {k: v.cpu().contiguous() for k, v in model.state_dict().items()}
        save_file(state, temporary)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def model_card(description: Mapping[str, Any]) -> str:
    """What a person who finds the folder needs to know."""
    made_of = json.dumps(plain(description["made_of"]), indent=2)
    return f"""---
library_name: soda-localizer
pipeline_tag: video-classification
tags: [temporal-action-localization, weakly-supervised]
---

# SODA trained on {description["dataset"]}

Finds {", ".join(description["classes"])} in untrimmed videos. Trained on
{description["training_videos"]} videos with video labels and single-frame clicks.

    soda detect VIDEO --model THIS_FOLDER

`metrics.jsonl` holds the loss terms of each epoch. The features that the model
expects:

```json
{made_of}
```
"""


def load_model(folder: Path) -> tuple[SODA, dict[str, Any]]:
    """Read a model folder: the networks and the description.

    Raises:
        InputNotFoundError: The folder holds no model.
    """
    for name in ("model.safetensors", "config.json"):
        if not (folder / name).is_file():
            raise InputNotFoundError(
                f"{folder}: expected a model folder with {name} (TrainSODA writes one "
                f"under WORKDIR/models), found none"
            )
    description = read_json(folder / "config.json")
    model = build_soda(
        description["features"],
        len(description["classes"]),
        TrainConfig(**description["train"]),
    )
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval(), description
