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
    """Train, and measure the master's weights before and after each epoch."""
    probe = Probe(samples.to(device), config, example)
    name, epochs = config.aggregation, config.epochs
    with Progress(name, epochs, [1.0] * epochs, "epochs") as progress:

        def after_epoch(state: FitState) -> None:
            check_finite(state.history[-1])
            probe.look_at(state)
            progress.update(state.epoch)

        fit(probe.samples, config, device, after_epoch=after_epoch)
    return probe.trace


class Probe:
    """An observer that measures a training without changing it."""

    def __init__(self, samples: Samples, config: TrainConfig, example: Example) -> None:
        """Measure the networks before the first epoch, on the device of the samples."""
        self.samples, self.config, self.example = samples, config, example
        self.trace = Trace()
        features, labels = samples.features, samples.labels
        # The same seed as in `fit` gives the networks that it starts with.
        torch.manual_seed(config.seed)
        self.model = build_soda(features.shape[1], labels.shape[1], config)
        self.model.to(features.device).eval()
        self.look(0)

    def look_at(self, state: FitState) -> None:
        """Measure the current state of a training."""
        self.model.load_state_dict(state.model)
        self.look(state.epoch)

    def look(self, epoch: int) -> None:
        """Add the measurements of the current weights to the trace."""
        master, example = self.model.master, self.example
        weights = present_weights(master, self.samples, self.config.batch_size)
        self.trace.effective_shares.append(spread(effective_share(weights)))
        self.trace.largest_weights.append(spread(weights.amax(dim=-1)))
        if epoch in example.epochs:
            one = self.samples.features[example.video, None]
            kept = temporal_weights(master, one)[0, example.label]
            self.trace.example[epoch] = rounded(kept.cpu().numpy())


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
    batches = zip(
        samples.features.split(batch_size),
        samples.labels.split(batch_size),
        strict=True,
    )
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
