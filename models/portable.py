"""A trained master as one module that needs no other part of this project."""

from jaxtyping import Float
from torch import Tensor, nn

from models.aggregation import aggregate
from models.config import TrainConfig
from models.rescale import rescale
from models.soda import SODA


class Portable(nn.Module):
    """A module that computes what `Predictor` does, with the master only."""

    def __init__(self, model: SODA, config: TrainConfig) -> None:
        super().__init__()
        self.master, self.config = model.master, config

    def forward(
        self, features: Float[Tensor, "snippets features"]
    ) -> tuple[Float[Tensor, "categories cells"], Float[Tensor, "categories"]]:
        """Return the class activation sequence over T cells, raw, and video scores.

        The video may have any number of snippets, at least 1.
        """
        cells = rescale(features.T, self.config.cells, self.config.scaling)
        cas = self.master(cells[None])[0]
        return cas, aggregate(cas, self.config).softmax(dim=0)
