"""From a class activation sequence to one score per category and video."""

from jaxtyping import Float
from torch import Tensor


def topk_mean(
    cas: Float[Tensor, "*batch categories time"], divisor: int = 8
) -> Float[Tensor, "*batch categories"]:
    """Mean of each category's k largest responses over time (Eq. 10).

    k is the number of cells divided by `divisor`, rounded down, and at least 1.
    """
    k = max(1, cas.shape[-1] // divisor)
    return cas.topk(k, dim=-1).values.mean(dim=-1)
