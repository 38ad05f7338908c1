"""Networks of other libraries, with the weights that were published for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from extractors.shapes import Shape, require_shapes, shapes_of


@dataclass(frozen=True, kw_only=True)
class PublishedNetwork:
    """A network that another library builds, and the file of its weights."""

    name: str
    url: str
    hash_prefix: str  # how the file's hex sha256 begins; "" where none is published
    build: Callable[[], nn.Module]  # random weights, under the names of the file
    head: tuple[str, ...] = ()  # modules that we drop: they make classes of features


def load_published(
    published: PublishedNetwork, state: Mapping[str, Tensor] | None
) -> nn.Module:
    """The network without its head, ready for use (eval mode, on the CPU).

    Args:
        published: Which network.
        state: The tensors of the published file; None leaves the random weights.

    Raises:
        ValueError: Names or shapes that are not those of the network.
    """
    network = published.build()
    if state is not None:
        check_shapes(published, shapes_of(state))
        kept = {n: t for n, t in state.items() if not _in_head(published, n)}
        network.load_state_dict(kept, strict=False)  # checked above
    for module in published.head:
        network.set_submodule(module, nn.Identity())
    return network.eval()


def check_shapes(published: PublishedNetwork, found: Mapping[str, Shape]) -> None:
    """Check the names and shapes of a state dict, without its numbers.

    Of the head nothing is asked: it may be missing, or have other classes.

    Raises:
        ValueError: Names that are missing or unknown, or tensors of a wrong shape;
            the message lists the first few.
    """
    with torch.device("meta"):
        known = shapes_of(published.build().state_dict())
    needed = {n: shape for n, shape in known.items() if not _in_head(published, n)}
    require_shapes(found, needed, tolerated=known)


def _in_head(published: PublishedNetwork, name: str) -> bool:
    return name.startswith(tuple(f"{module}." for module in published.head))
