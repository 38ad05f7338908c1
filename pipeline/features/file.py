"""The features of one video, and the file that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pipeline.errors import SodaError
from pipeline.grid import SnippetGrid
from pipeline.storage import fingerprint, read_arrays, write_arrays


@dataclass(frozen=True)
class Features:
    """The features of one video, and the times of its snippets."""

    array: Float[np.ndarray, "snippets features"]
    grid: SnippetGrid
    widths: Mapping[Any, int]  # number of columns by stream, in their order


def write_features(
    path: Path,
    features: Features,
    source: Mapping[str, Any],
    made_by: Mapping[str, Any] | None = None,
    identities: Mapping[str, str] | None = None,
    weights: Mapping[str, Any] | None = None,
) -> None:
    """Write features with the seconds of their snippets as safetensors.

    Args:
        source: The video, or file of features, that they are made from.
        made_by: All parameters that they depend on.
        identities: By stream, a fingerprint of everything that its features depend on.
        weights: The weights of the networks, by part.
    """
    grid = features.grid
    intervals = [grid.snippet_interval(i) for i in range(grid.num_snippets)]
    header = {
        "made_by": made_by or {},
        "grid": grid.to_dict(),
        "widths": features.widths,
        "identities": identities or {},
        "weights": weights or {},
        "source": source,
    }
    arrays = {"features": features.array, "snippet_seconds": np.array(intervals)}
    write_arrays(path, arrays, header)


def read_features(
    path: Path, made_by: Mapping[str, Any] | None = None
) -> tuple[Float[np.ndarray, "snippets features"], SnippetGrid]:
    """Read features (T, D), float32, and the grid of their snippets.

    `made_by` are the expected parameters of the features; None accepts any.

    Raises:
        DamagedFileError: The file is broken.
        SodaError: The features were made with other parameters.
    """
    arrays, header = read_arrays(path)
    if made_by is not None and header["made_by"] != made_by:
        raise SodaError(
            f"{path}: expected features with the fingerprint {fingerprint(made_by)}, "
            f"found {fingerprint(header['made_by'])}; they differ in "
            f"{difference(made_by, header['made_by'])}. Delete the file and run the "
            "same command again to recreate it"
        )
    return arrays["features"], SnippetGrid(**header["grid"])


def columns_by_stream(
    features: Float[np.ndarray, "snippets features"], widths: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Return the columns of each stream; `widths` are their numbers, in order."""
    edges = np.cumsum(list(widths.values()))[:-1]
    return dict(zip(widths, np.split(features, edges, axis=1), strict=True))


def difference(expected: Any, found: Any, name: str = "") -> str:
    """Describe the differences of two JSON values for a message.

    >>> difference({"fps": 25, "flow": {"warps": 5}}, {"fps": 25, "flow": {"warps": 1}})
    'flow.warps (expected 5, found 1)'
    """
    if not (isinstance(expected, Mapping) and isinstance(found, Mapping)):
        return f"{name} (expected {expected}, found {found})"
    return ", ".join(
        difference(expected.get(key), found.get(key), f"{name}.{key}".strip("."))
        for key in sorted({*expected, *found})
        if expected.get(key) != found.get(key)
    )
