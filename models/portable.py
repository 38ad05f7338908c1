"""A trained master as one module that needs nothing else of this project."""

from jaxtyping import Float
from torch import Tensor, nn

from models.aggregation import aggregate
from models.config import TrainConfig
from models.rescale import rescale
from models.soda import SODA


class Portable(nn.Module):
    """From a video's features to what `Predictor` says of them, the master alone."""

    def __init__(self, model: SODA, config: TrainConfig) -> None:
        super().__init__()
        self.master, self.config = model.master, config

    def forward(
        self, features: Float[Tensor, "snippets features"]
    ) -> tuple[Float[Tensor, "categories cells"], Float[Tensor, "categories"]]:
        """The class activation sequence over T cells, raw, and the video's scores.

        Of any number of snippets, at least 1.
        """
        cells = rescale(features.T, self.config.cells, self.config.scaling)
        cas = self.master(cells[None])[0]
        return cas, aggregate(cas, self.config).softmax(dim=0)
