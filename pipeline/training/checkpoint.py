"""The state of a training on disk, from which it can resume."""

import hashlib
import logging
import pickle
from dataclasses import asdict
from pathlib import Path

import torch

from models.fit import FitState, Samples
from pipeline.storage import atomic_path

# Errors of reading a checkpoint that is truncated, or that is another file.
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
    """Return a hash of the training data, to refuse checkpoints of other data."""
    digest = hashlib.sha256()
    for tensor in (samples.features, samples.labels, samples.targets):
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def save_checkpoint(path: Path, made_of: str, state: FitState) -> None:
    """Write the state of a training, whole or not at all."""
    with atomic_path(path) as temporary:
        torch.save({"made_of": made_of, "state": asdict(state)}, temporary)


def load_checkpoint(path: Path, made_of: str, device: torch.device) -> FitState:
    """Read the state of a training on the same data; without one, start fresh.

    A broken file is not an error: it is reported as a warning, and only its epochs
    are lost.
    """
    if not path.exists():
        return FitState()
    try:
        saved = torch.load(path, map_location=device, weights_only=True)
        state = FitState(**saved["state"])
        return state if saved["made_of"] == made_of else FitState()
    except BROKEN as error:
        logger.warning(
            "%s: expected the state of a training, found a broken file (%s); training "
            "starts from the first epoch",
            path,
            type(error).__name__,
        )
        return FitState()
