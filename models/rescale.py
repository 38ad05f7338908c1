"""Sequences of any length, brought to T cells."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def rescale(
    sequence: Float[Tensor, "channels time"], cells: int
) -> Float[Tensor, "channels cells"]:
    """Linear interpolation over time; cell centres are spread evenly (Sec. 6.3).

    Cell c of T answers position (c + .5) * T_i / T of the T_i snippets, the
    convention of `SnippetGrid.position_to_seconds`.
    """
    rescaled = F.interpolate(
        sequence[None], size=cells, mode="linear", align_corners=False
    )
    return rescaled[0]
