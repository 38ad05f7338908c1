"""Rescaling of sequences of any length to T cells."""

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
    """Rescale a video of any length to T cells (Sec. 6.3).

    With both kinds of scaling, cell c of T covers the positions [c, c + 1) * T_i / T
    of the T_i snippets, the convention of `SnippetGrid.position_to_seconds`.

    Args:
        sequence: The features of the T_i snippets.
        cells: The number T of cells.
        scaling: Linear interpolation, or sampling of one snippet per cell.
        jitter: The generator that draws the snippets of `scaling="sampled"`; None
            takes the central ones.
    """
    if scaling == "sampled":
        return sample(sequence, cells, jitter)
    return interpolate(sequence, cells)


def interpolate(
    sequence: Float[Tensor, "channels time"], cells: int
) -> Float[Tensor, "channels cells"]:
    """Interpolate linearly over time at evenly spaced cell centres (Sec. 6.3)."""
    rescaled = F.interpolate(
        sequence[None], size=cells, mode="linear", align_corners=False
    )
    return rescaled[0]


def sample(
    sequence: Float[Tensor, "channels time"],
    cells: int,
    jitter: np.random.Generator | None = None,
) -> Float[Tensor, "channels cells"]:
    """Select one snippet per cell, as in BaSNet's index sampling.

    The snippet at the cell's centre is selected. BaSNet selects the one at the cell's
    start, which would shift all times by half a cell. With a generator, and if the
    video has more snippets than cells, the position in the cell is random.

    >>> sample(torch.arange(8.0)[None], 4).tolist()
    [[1.0, 3.0, 5.0, 7.0]]
    >>> sample(torch.arange(2.0)[None], 4).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """
    snippets = sequence.shape[1]
    if jitter is None or snippets <= cells:
        # PyTorch integers, so that an exported network can compute the indices itself.
        return sequence[:, (2 * torch.arange(cells) + 1) * snippets // (2 * cells)]
    positions = (np.arange(cells) + jitter.random(cells)) * snippets / cells
    # Rounding can move the last position to the end of the video.
    index = torch.from_numpy(positions.astype(np.int64)).clamp(max=snippets - 1)
    return sequence[:, index]
