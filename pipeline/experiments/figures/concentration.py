"""Measurement of how concentrated temporal softmax weights are (Eq. 6-7, Sec. 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.casnet import CASNet
from models.config import TrainConfig
from models.fit import FitState, Samples, fit
from models.soda import build_soda
from pipeline.experiments.figures.sheet import rounded
from pipeline.progress import Progress
from pipeline.training.fit import check_finite

QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Example:
    """The video and class whose weights are kept."""

    video: int  # index in the samples
    label: int  # index in the classes
    epochs: Sequence[int]  # after these; 0 is before the first


@dataclass
class Trace:
    """The measurements of a training: entry e was taken after e epochs."""

    effective_shares: list[dict[str, Any]] = field(default_factory=list)
    largest_weights: list[dict[str, Any]] = field(default_factory=list)
    example: dict[int, list[float]] = field(default_factory=dict)  # by epoch


def trace_training(
    samples: Samples, config: TrainConfig, device: torch.device, example: Example
) -> Trace:
    """Train, and measure the master's weights before and after each epoch.

    Measuring does not change the training.
    """
    samples, trace = samples.to(device), Trace()
    # The same seed as in `fit` gives the networks that it starts with.
    torch.manual_seed(config.seed)
    model = build_soda(samples.features.shape[1], samples.labels.shape[1], config)
    model.to(device).eval()

    def look(epoch: int) -> None:
        weights = present_weights(model.master, samples, config.batch_size)
        trace.effective_shares.append(spread(effective_share(weights)))
        trace.largest_weights.append(spread(weights.amax(dim=-1)))
        if epoch in example.epochs:
            one = samples.features[example.video, None]
            kept = temporal_weights(model.master, one)[0, example.label]
            trace.example[epoch] = rounded(kept.cpu().numpy())

    look(0)
    epochs = config.epochs
    with Progress(config.aggregation, epochs, [1.0] * epochs, "epoch") as progress:

        def after_epoch(state: FitState) -> None:
            check_finite(state.history[-1])
            model.load_state_dict(state.model)
            look(state.epoch)
            progress.update(state.epoch)

        fit(samples, config, device, after_epoch=after_epoch)
    return trace


@torch.no_grad()
def temporal_weights(
    master: CASNet, features: Float[Tensor, "videos features time"]
) -> Float[Tensor, "videos classes time"]:
    """Return the softmax over time of each action class's responses (Eq. 7).

    For a network trained with another aggregation, these are the weights that the
    temporal softmax would give.
    """
    weights: Tensor = master(features)[:, 1:].softmax(dim=-1)
    return weights


def present_weights(
    master: CASNet, samples: Samples, batch_size: int
) -> Float[Tensor, "rows time"]:
    """Return the weights of the classes that are present in each video."""
    features, labels = (x.split(batch_size) for x in (samples.features, samples.labels))
    batches = zip(features, labels, strict=True)
    return torch.cat([temporal_weights(master, x)[y > 0] for x, y in batches])


def effective_share(weights: Float[Tensor, "rows time"]) -> Float[Tensor, "rows"]:
    """Return the share of the cells that the weights cover: exp(entropy) / T.

    It is 1 if all weights are equal, and k / T if k of them are equal and the others
    are 0.
    """
    entropy = torch.special.entr(weights).sum(dim=-1)
    return (entropy.exp() / weights.shape[-1]).clamp(max=1)  # rounding may exceed 1


def spread(values: Float[Tensor, "rows"]) -> dict[str, Any]:
    """Return the mean and quartiles."""
    numbers = values.cpu().numpy()
    quartiles = np.quantile(numbers, QUARTILES)
    return {"mean": float(numbers.mean()), "quartiles": rounded(quartiles)}
