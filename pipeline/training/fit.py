"""A training that goes on from its last checkpoint."""

import math
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from models.config import TrainConfig
from models.fit import FitState, Samples, fit
from models.soda import SODA
from pipeline.errors import SodaError
from pipeline.progress import Progress
from pipeline.training.checkpoint import digest_of, load_checkpoint, save_checkpoint

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 10.0


def fit_resumable(
    samples: Samples,
    config: TrainConfig,
    device: torch.device,
    folder: Path,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[SODA, list[dict[str, float]]]:
    """Train, going on from the folder's checkpoint if there is one.

    Args:
        samples: The training videos.
        config: The parameters of the training.
        device: The device to train on.
        folder: The folder of the checkpoint.
        start: The initial networks; None draws them from the seed.

    Returns:
        The networks, and the loss terms of each epoch.

    Raises:
        SodaError: The training diverged.
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
    """Stop a training that has diverged, before its model is used.

    Raises:
        SodaError: A loss term is infinite or not a number.
    """
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    if bad:
        raise SodaError(
            f"training diverged: the loss ({', '.join(bad)}) is not finite after epoch "
            f"{terms['epoch']:g}; try a smaller --learning-rate"
        )
