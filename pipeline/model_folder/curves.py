"""The loss terms of a training as curves for TensorBoard."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from pipeline.storage import writing


def write_curves(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write each loss term as `loss/<term>`, replacing an existing folder."""
    shutil.rmtree(folder, ignore_errors=True)
    with writing(folder), SummaryWriter(str(folder)) as writer:
        for terms in history:
            for name, value in terms.items():
                if name != "epoch":
                    writer.add_scalar(f"loss/{name}", value, int(terms["epoch"]))
