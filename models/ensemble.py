"""Ensembles of networks, to compare with self-distillation (Table 7)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.aggregation import aggregate
from models.config import Combination, EnsembleConfig, TrainConfig


def choose_networks(
    networks: Sequence[nn.Module], ensemble: EnsembleConfig
) -> Sequence[nn.Module]:
    """Return the networks whose sequences are combined.

    Raises:
        ValueError: If an auxiliary is needed but the model has none.
    """
    if ensemble.use == "master":
        return networks[:1]
    if len(networks) < 2:
        raise ValueError(
            f"ensemble {ensemble.use}: expected a model with two or more networks, "
            "found one; train with --networks 2"
        )
    return networks[1:2] if ensemble.use == "auxiliary" else networks


def combine(
    cas: Float[Tensor, "networks categories time"],
    train: TrainConfig,
    ensemble: EnsembleConfig,
) -> tuple[Float[Tensor, "categories time"], Float[Tensor, "categories"]]:
    """Combine the sequences of the chosen networks to one sequence and video scores."""
    combined = _combined(cas, ensemble.cas)
    if ensemble.use != "late":
        return combined, aggregate(combined, train).softmax(dim=0)
    scores = torch.stack([aggregate(each, train).softmax(dim=0) for each in cas])
    return combined, _combined(scores, ensemble.scores)


def _combined(values: Tensor, how: Combination) -> Tensor:
    """Return the mean or the maximum over the networks."""
    return values.mean(dim=0) if how == "mean" else values.amax(dim=0)
