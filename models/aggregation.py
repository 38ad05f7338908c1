"""Aggregation of class activation sequences to video scores (Eq. 5-10)."""

from jaxtyping import Float
from torch import Tensor

from models.config import TrainConfig


def aggregate(
    cas: Float[Tensor, "*batch categories time"], config: TrainConfig
) -> Float[Tensor, "*batch categories"]:
    """Return the video scores s_c, before the softmax of Eq. 1."""
    match config.aggregation:
        case "topk_mean":
            return topk_mean(cas, config.topk_divisor)
        case "average":
            return average(cas)
        case "temporal_softmax":
            return temporal_softmax(cas)
        case "category_softmax":
            return category_softmax(cas)


def average(
    cas: Float[Tensor, "*batch categories time"],
) -> Float[Tensor, "*batch categories"]:
    """Return the mean of each category's responses over time (Eq. 5)."""
    return cas.mean(dim=-1)


def temporal_softmax(
    cas: Float[Tensor, "*batch categories time"],
) -> Float[Tensor, "*batch categories"]:
    """Return the mean over time, weighted by a softmax of the responses (Eq. 6-7).

    s_c = sum_t a[c, t] P[c, t] with a[c, t] = exp P[c, t] / sum_u exp P[c, u]: each
    category has its own weights, which sum to 1 over time.
    """
    return (cas.softmax(dim=-1) * cas).sum(dim=-1)


def category_softmax(
    cas: Float[Tensor, "*batch categories time"],
) -> Float[Tensor, "*batch categories"]:
    """Return the mean over time, weighted by a softmax over the categories (Eq. 8-9).

    s_c = (1 / T) sum_t b[c, t] P[c, t] with b[c, t] = exp P[c, t] / sum_d exp P[d, t]:
    the weights sum to 1 over the categories, at every time. The mean over time makes
    the scale of the scores independent of T.
    """
    return (cas.softmax(dim=-2) * cas).mean(dim=-1)


def topk_mean(
    cas: Float[Tensor, "*batch categories time"], divisor: int = 8
) -> Float[Tensor, "*batch categories"]:
    """Return the mean of each category's k largest responses over time (Eq. 10).

    k is the number of cells divided by `divisor`, rounded down, and at least 1.
    """
    k = max(1, cas.shape[-1] // divisor)
    return cas.topk(k, dim=-1).values.mean(dim=-1)
