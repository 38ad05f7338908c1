"""SODA: a master network and the auxiliaries that are trained with it (Sec. 5)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.casnet import CASNet
from models.config import TrainConfig


class SODA(nn.Module):
    """M networks of one shape, initialised differently; the first is the master."""

    def __init__(self, networks: list[CASNet]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    @property
    def master(self) -> CASNet:
        """The network that detects after training."""
        master = self.networks[0]
        assert isinstance(master, CASNet)
        return master

    def forward(
        self, features: Float[Tensor, "batch features time"]
    ) -> Float[Tensor, "networks batch categories time"]:
        """Return the class activation sequences of all networks."""
        return torch.stack([network(features) for network in self.networks])


def build_soda(features: int, classes: int, config: TrainConfig) -> SODA:
    """Build the networks, initialised from the current random state of PyTorch."""
    return SODA(
        [
            CASNet(
                features=features,
                classes=classes,
                hidden=config.hidden,
                dropout=config.dropout,
            )
            for _ in range(config.networks)
        ]
    )
