"""The weights of RAFT, as torchvision publishes them."""

from importlib import import_module
from pathlib import Path
from typing import Any

from extractors.published import PublishedNetwork
from extractors.published_files import find_published
from extractors.weights import Weights


def _raft_large() -> Any:
    return import_module("torchvision.models.optical_flow").raft_large()


RAFT = PublishedNetwork(
    name="raft_large",
    url="https://download.pytorch.org/models/raft_large_C_T_SKHT_V2-ff5fadd5.pth",
    hash_prefix="ff5fadd56d26b40647388883af1547351ea17868b765c05b27231e72dd16a322",
    build=_raft_large,
)


def find_raft_weights(local: Path | None = None, cache: Path | None = None) -> Weights:
    """Find the weights of RAFT; for the arguments see `find_published`.

    Raises:
        WeightsError: There are none, or a file does not contain this network.
    """
    return find_published(RAFT, "--raft-weights", local, cache)
