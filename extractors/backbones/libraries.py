"""Builders for the networks of torchvision and pytorchvideo.

Both libraries are imported when a network is built, because that takes seconds, and
pytorchvideo prints warnings.
"""

import warnings
from collections.abc import Callable
from importlib import import_module

import torch
from jaxtyping import Float
from torch import Tensor, nn

SLOWFAST_ALPHA = 4  # frames of the fast pathway per frame of the slow pathway


def torchvision_network(name: str) -> nn.Module:
    """Build a network of torchvision with random weights."""
    network: nn.Module = import_module("torchvision.models").get_model(name)
    return network


def pytorchvideo_network(name: str) -> nn.Module:
    """Build a network of pytorchvideo's hub with random weights; it returns logits."""
    with warnings.catch_warnings():
        # On import, fvcore uses torch.jit.script, which is deprecated.
        warnings.filterwarnings("ignore", ".*torch.jit", category=FutureWarning)
        hub = import_module("pytorchvideo.models.hub")
    # In eval mode X3D would return probabilities. Neither argument affects weights.
    network: nn.Module = getattr(hub, name)(head_activation=None, dropout_rate=0)
    return network


def slowfast_network(name: str) -> nn.Module:
    """Build a SlowFast that takes one clip and makes the input of both pathways."""
    network = pytorchvideo_network(name)
    # A wrapper module would add a prefix to the published names; a hook does not.
    network.register_forward_pre_hook(_pathways)
    return network


def _pathways(
    network: nn.Module, inputs: tuple[Float[Tensor, "batch 3 time height width"]]
) -> tuple[list[Tensor]]:
    (fast,) = inputs
    frames = fast.shape[2]
    # As published: evenly from the first to the last frame, not every fourth frame.
    chosen = torch.linspace(0, frames - 1, frames // SLOWFAST_ALPHA).long()
    return ([fast[:, :, chosen], fast],)


BUILDERS: dict[str, Callable[[str], nn.Module]] = {
    "torchvision": torchvision_network,
    "pytorchvideo": pytorchvideo_network,
    "slowfast": slowfast_network,
}
