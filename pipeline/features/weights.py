"""The networks of a run, by the part that they play in it."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Literal

from extractors.backbones import BACKBONES, find_backbone_weights
from extractors.flow.raft_weights import find_raft_weights
from extractors.weights import Weights, find_weights
from pipeline.errors import WeightsError
from pipeline.features.config import I3D

logger = logging.getLogger("soda")

# The two streams of features, and the flow where a network computes it.
Part = Literal["rgb", "flow", "raft"]


def find_network(part: Part, extractor: str, local: Path | None = None) -> Weights:
    """The weights of a network: a local file, else what is published.

    Raises:
        WeightsError: There are none, or the file holds another network.
    """
    if part == "raft":
        return find_raft_weights(local)
    if part == "rgb" and extractor != I3D:
        return find_backbone_weights(BACKBONES[extractor], local)
    return find_weights(part, local)


@lru_cache
def choose_weights(
    part: Part, extractor: str, wish: str, local: Path | None
) -> Weights | None:
    """The weights of a part, looked for once a process; None is the flow's `hof`.

    A network that was asked for, by name or by a file, must be there; `auto` falls
    back to `hof` for the flow features, and says so loudly.
    """
    if part != "flow" or wish == I3D or local:
        return find_network(part, extractor, local)
    if wish == "hof":
        return None
    try:
        return find_network(part, extractor)
    except WeightsError as error:
        logger.warning(
            "FLOW STREAM WITHOUT A NETWORK: its features are `hof`, a weight-free "
            "histogram of flow, not I3D's. %s",
            error,
        )
        return None
