"""Sequences of any length, brought to T cells."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from models.config import Scaling


def rescale(
    sequence: Float[Tensor, "channels time"],
    cells: int,
    scaling: Scaling = "linear",
    jitter: np.random.Generator | None = None,
) -> Float[Tensor, "channels cells"]:
    """Bring a video of any length to T cells (Sec. 6.3).

    Either way cell c of T answers the positions [c, c + 1) * T_i / T of the T_i
    snippets, the convention of `SnippetGrid.position_to_seconds`.

    Args:
        jitter: Draws the snippets of `scaling="sampled"`; None takes the central ones.
    """
    if scaling == "sampled":
        return sample(sequence, cells, jitter)
    return interpolate(sequence, cells)


def interpolate(
    sequence: Float[Tensor, "channels time"], cells: int
) -> Float[Tensor, "channels cells"]:
    """Linear interpolation over time; cell centres are spread evenly (Sec. 6.3)."""
    rescaled = F.interpolate(
        sequence[None], size=cells, mode="linear", align_corners=False
    )
    return rescaled[0]


def sample(
    sequence: Float[Tensor, "channels time"],
    cells: int,
    jitter: np.random.Generator | None = None,
) -> Float[Tensor, "channels cells"]:
    """A snippet that stands in each cell: BaSNet's index sampling.

    The snippet under the cell's centre; BaSNet takes the one under its first instant,
    which would shift every time by half a cell. With a generator, and if the video has
    more snippets than cells, the one under an instant drawn from the cell.

    >>> sample(torch.arange(8.0)[None], 4).tolist()
    [[1.0, 3.0, 5.0, 7.0]]
    >>> sample(torch.arange(2.0)[None], 4).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """
    snippets = sequence.shape[1]
    if jitter is None or snippets <= cells:
        # Whole numbers of PyTorch, which an exported network can work out itself.
        return sequence[:, (2 * torch.arange(cells) + 1) * snippets // (2 * cells)]
    positions = (np.arange(cells) + jitter.random(cells)) * snippets / cells
    # Rounding can carry the last position to the video's very end.
    index = torch.from_numpy(positions.astype(np.int64)).clamp(max=snippets - 1)
    return sequence[:, index]
