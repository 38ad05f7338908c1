"""The loss terms of a training as curves that TensorBoard shows."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from pipeline.storage import writing


def write_curves(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write each term but the epoch as `loss/<term>`, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    with writing(folder), SummaryWriter(str(folder)) as writer:
        for terms in history:
            for name, value in terms.items():
                if name != "epoch":
                    writer.add_scalar(f"loss/{name}", value, int(terms["epoch"]))
