"""Published networks with the tensors of their weight files."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from extractors.checkpoints import Reader, read_torch, read_weights
from extractors.published import PublishedNetwork
from extractors.shapes import Shape, require_shapes, shapes_of


def load_published(
    published: PublishedNetwork, state: Mapping[str, Tensor] | None
) -> nn.Module:
    """Build a network without its head, in eval mode, on the CPU.

    Args:
        published: The network.
        state: The tensors of the published file; None leaves the random weights.

    Raises:
        ValueError: The names or shapes are not those of the network.
    """
    network: nn.Module = published.build()
    if state is not None:
        check_published(published, shapes_of(state))
        kept = {n: t for n, t in state.items() if not _in_head(published, n)}
        network.load_state_dict(kept, strict=False)  # checked above
    for module in published.head:
        network.set_submodule(module, nn.Identity())
    return network.eval()


def check_published(published: PublishedNetwork, found: Mapping[str, Shape]) -> None:
    """Check the names and shapes of a state dict, but not its values.

    The head is not checked: it may be missing, or have other classes.

    Raises:
        ValueError: Names are missing or unknown, or tensors have a wrong shape; the
            message lists the first few.
    """
    with torch.device("meta"):
        known = shapes_of(published.build().state_dict())
    needed = {n: shape for n, shape in known.items() if not _in_head(published, n)}
    require_shapes(found, needed, tolerated=known)


def _in_head(published: PublishedNetwork, name: str) -> bool:
    return name.startswith(tuple(f"{module}." for module in published.head))


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a published file, without running code that it may contain.

    Returns:
        Tensors by name, on the CPU. The files of pytorchvideo contain more; of them,
        the entry "model_state".

    Raises:
        WeightsError: The file is missing, of another kind, or broken.
    """
    return read_weights(path, _READERS)


_read_torch = partial(read_torch, inner="model_state")

_READERS: dict[str, Reader] = {
    ".pth": _read_torch,
    ".pt": _read_torch,
    ".pyth": _read_torch,
    ".safetensors": load_file,
}
