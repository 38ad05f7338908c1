"""A training that goes on from its last checkpoint."""

import hashlib
import io
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from models.config import TrainConfig
from models.fit import FitState, Samples, fit
from models.soda import SODA
from pipeline.errors import DamagedFileError, SodaError
from pipeline.progress import Progress
from pipeline.storage import atomic_path, parsing

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 10.0
DIGEST_BYTES = hashlib.sha256().digest_size

logger = logging.getLogger("soda")


def fit_resumable(
    samples: Samples,
    config: TrainConfig,
    device: torch.device,
    folder: Path,
    start: Mapping[str, Tensor] | None = None,
) -> tuple[SODA, list[dict[str, float]]]:
    """Train, going on from the folder's checkpoint if there is one.

    Without initial networks, `start`, they are drawn from the seed. Returns the
    networks, and the loss terms of each epoch.

    Raises:
        SodaError: The training diverged.
    """
    checkpoint, made_of = folder / CHECKPOINT, digest_of(samples)
    resume = load_checkpoint(checkpoint, made_of, device)
    first, saved = resume.epoch, time.monotonic()
    to_do = [1.0] * (config.epochs - first)
    progress = Progress("TrainSODA", config.epochs, to_do, "epoch")

    def after_epoch(state: FitState) -> None:
        nonlocal saved
        check_finite(state.history[-1])
        progress.update(state.epoch - first)
        if time.monotonic() - saved >= CHECKPOINT_SECONDS:
            save_checkpoint(checkpoint, made_of, state)
            saved = time.monotonic()

    progress.announce()
    resumed = resume if first else None
    model, history = fit(samples, config, device, resumed, start, after_epoch)
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


def digest_of(samples: Samples) -> str:
    """Return a hash of the training data, to refuse checkpoints of other data."""
    digest = hashlib.sha256()
    for tensor in (samples.features, samples.labels, samples.targets):
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def save_checkpoint(path: Path, made_of: str, state: FitState) -> None:
    """Write the state of a training, whole or not at all.

    The file begins with the SHA-256 of the rest: torch.load notices no flipped bit.
    """
    content = io.BytesIO()
    torch.save({"made_of": made_of, "state": asdict(state)}, content)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(hashlib.sha256(content.getbuffer()).digest())
        file.write(content.getbuffer())


def load_checkpoint(path: Path, made_of: str, device: torch.device) -> FitState:
    """Read the state of a training on the same data; without one, start fresh.

    A broken file is not an error: it is reported as a warning, and only its epochs
    are lost.
    """
    if not path.exists():
        return FitState()
    try:
        with parsing(path), path.open("rb") as file:
            expected, content = file.read(DIGEST_BYTES), io.BytesIO(file.read())
            if hashlib.sha256(content.getbuffer()).digest() != expected:
                raise ValueError("its content has another SHA-256")
            saved = torch.load(content, map_location=device, weights_only=True)
            state = FitState(**saved["state"])
            return state if saved["made_of"] == made_of else FitState()
    except DamagedFileError as error:
        logger.warning(
            "%s: %s; training starts from the first epoch", path, error.damage
        )
        return FitState()
