"""Whether a state dict is a network's: names and shapes, compared before numbers."""

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

Shape = tuple[int, ...]

LISTED_NAMES = 12


@runtime_checkable
class HasShape(Protocol):
    """A tensor of any library."""

    @property
    def shape(self) -> Iterable[int]:
        """The length of each dimension."""


def shapes_of(state: Mapping[str, HasShape]) -> dict[str, Shape]:
    """The shape of each tensor of a state dict."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def require_shapes(
    found: Mapping[str, Shape],
    expected: Mapping[str, Shape],
    tolerated: Mapping[str, Shape] | None = None,
) -> None:
    """Refuse what is not the state dict of a network.

    Args:
        found: What the file holds.
        expected: What the network needs.
        tolerated: What may be there besides; it is not compared.

    Raises:
        ValueError: Names that are missing or unknown, or tensors of a wrong shape;
            the message lists the first of them.
    """
    known = expected.keys() | (tolerated or {}).keys()
    problems = [
        _listed("missing", _missing_names(expected, found)),
        _listed("unknown", sorted(found.keys() - known)),
        _listed("of another shape", _wrong_shapes(expected, found)),
    ]
    if any(problems):
        raise ValueError("; ".join(filter(None, problems)))


def _missing_names(
    expected: Mapping[str, Shape], found: Mapping[str, Shape]
) -> list[str]:
    # BatchNorm counts its batches for training only; converted weights have no count.
    missing = expected.keys() - found.keys()
    return sorted(name for name in missing if "num_batches_tracked" not in name)


def _wrong_shapes(
    expected: Mapping[str, Shape], found: Mapping[str, Shape]
) -> list[str]:
    return [
        f"{name} (expected {expected[name]}, found {shape})"
        for name, shape in found.items()
        if name in expected and shape != expected[name]
    ]


def _listed(kind: str, names: list[str]) -> str:
    # Another network's file differs in hundreds of names: the first few tell.
    shown = ", ".join(names[:LISTED_NAMES])
    more = f" and {len(names) - LISTED_NAMES} more" if names[LISTED_NAMES:] else ""
    return f"{kind}: {shown}{more}" if names else ""
