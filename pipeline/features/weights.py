"""The weights of a run's networks, by their part: a stream or the optical flow."""

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

# The two streams of features, and the optical flow if a network computes it.
Part = Literal["rgb", "flow", "raft"]


def find_network(part: Part, extractor: str, local: Path | None = None) -> Weights:
    """Return the weights of a network: a local file, else the published ones.

    Raises:
        WeightsError: No weights are available, or the file holds another network.
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
    """Return the weights of a part, looked up once per process; None means `hof`.

    A network that the user requests, by name or by a file, must be available. `auto`
    falls back to `hof` for the flow features, with a warning.

    Raises:
        WeightsError: No weights are available, or the file holds another network.
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
            "histogram of flow, not those of I3D. %s",
            error,
        )
        return None
