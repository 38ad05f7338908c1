"""CASNet, which maps a video's features to its class activation sequence (Sec. 3.2)."""

from jaxtyping import Float
from torch import Tensor, nn


class CASNet(nn.Module):
    """Three temporal convolutions that give each category's activation at each time.

    Category 0 is background; 1 to C are the action classes (Fig. 4).
    """

    def __init__(
        self, *, features: int, classes: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            nn.Conv1d(features, hidden, kernel_size=3, padding=1),
            nn.LeakyReLU(0.01),
            nn.Conv1d(hidden, hidden, kernel_size=3, padding=1),
            nn.LeakyReLU(0.01),
            nn.Dropout(dropout),
        )
        self.classify = nn.Conv1d(hidden, classes + 1, kernel_size=1, bias=False)

    def forward(
        self, features: Float[Tensor, "batch features time"]
    ) -> Float[Tensor, "batch categories time"]:
        """Return the class activation sequence P, raw (no softmax)."""
        cas: Tensor = self.classify(self.embed(features))
        return cas
