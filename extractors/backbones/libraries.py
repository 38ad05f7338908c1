"""The networks of torchvision and pytorchvideo, imported when they are built.

Their imports take seconds, and those of pytorchvideo are noisy.
"""

import warnings
from collections.abc import Callable
from importlib import import_module

import torch
from jaxtyping import Float
from torch import Tensor, nn

SLOWFAST_ALPHA = 4  # frames of the fast pathway for one of the slow pathway


def torchvision_network(name: str) -> nn.Module:
    """A network of torchvision with random weights."""
    network: nn.Module = import_module("torchvision.models").get_model(name)
    return network


def pytorchvideo_network(name: str) -> nn.Module:
    """A network of pytorchvideo's hub with random weights; it gives logits."""
    with warnings.catch_warnings():
        # fvcore, on import, compiles with torch.jit.script, which is deprecated.
        warnings.filterwarnings("ignore", ".*torch.jit", category=FutureWarning)
        hub = import_module("pytorchvideo.models.hub")
    # In eval mode X3D would give probabilities. Neither argument is about weights.
    network: nn.Module = getattr(hub, name)(head_activation=None, dropout_rate=0)
    return network


def slowfast_network(name: str) -> nn.Module:
    """SlowFast that takes one clip, of which it makes its two pathways."""
    network = pytorchvideo_network(name)
    # A hook, because a wrapper would put its prefix before the published names.
    network.register_forward_pre_hook(_pathways)
    return network


def _pathways(
    network: nn.Module, inputs: tuple[Float[Tensor, "batch 3 time height width"]]
) -> tuple[list[Tensor]]:
    (fast,) = inputs
    frames = fast.shape[2]
    # As published: from the first frame to the last, which is not every fourth.
    chosen = torch.linspace(0, frames - 1, frames // SLOWFAST_ALPHA).long()
    return ([fast[:, :, chosen], fast],)


BUILDERS: dict[str, Callable[[str], nn.Module]] = {
    "torchvision": torchvision_network,
    "pytorchvideo": pytorchvideo_network,
    "slowfast": slowfast_network,
}
