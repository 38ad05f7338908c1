"""The state of a training on disk, from which it goes on."""

import hashlib
import logging
import pickle
from dataclasses import asdict
from pathlib import Path

import torch

from models.fit import FitState, Samples
from pipeline.storage import atomic_path

# What reading a checkpoint raises when the file is cut off, or is something else.
BROKEN = (
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)

logger = logging.getLogger("soda")


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
    """Read a training's state; a fresh one where there is none of the same data.

    A file that cannot be read costs the epochs that it held, and no more: a warning
    says so.
    """
    if not path.exists():
        return FitState()
    try:
        saved = torch.load(path, map_location=device, weights_only=True)
        state = FitState(**saved["state"])
        return state if saved["made_of"] == made_of else FitState()
    except BROKEN as error:
        logger.warning(
            "%s: expected the state of a training, found a broken file (%s); the "
            "training starts anew",
            path,
            type(error).__name__,
        )
        return FitState()
