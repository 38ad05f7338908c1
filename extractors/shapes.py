"""The check that the names and shapes of a state dict are those of a network."""

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
    """Return the shape of each tensor of a state dict."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def require_shapes(
    found: Mapping[str, Shape],
    expected: Mapping[str, Shape],
    tolerated: Mapping[str, Shape] | None = None,
) -> None:
    """Refuse shapes that are not those of a network.

    Args:
        found: The shapes in the file, by name.
        expected: The shapes that the network needs.
        tolerated: Further names that the file may contain; their shapes are not
            compared.

    Raises:
        ValueError: Names are missing or unknown, or tensors have a wrong shape; the
            message lists the first few.
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
    # BatchNorm counts batches only for training; converted weights have no count.
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
    # The file of another network differs in hundreds of names; a few are enough.
    shown = ", ".join(names[:LISTED_NAMES])
    more = f" and {len(names) - LISTED_NAMES} more" if names[LISTED_NAMES:] else ""
    return f"{kind}: {shown}{more}" if names else ""
