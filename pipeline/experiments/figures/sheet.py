"""Figure files of one style, with the same bytes on every run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.errors import UsageError
from pipeline.storage import atomic_path

Drawing = tuple[str, Figure, dict[str, Any]]  # title, figure, numbers behind it

DOTS_PER_INCH = 200
DECIMALS = 6
# Omits metadata that changes with the date or the version of matplotlib.
METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


class Ink(NamedTuple):
    """The look of one item in all figures; its line style identifies it in grey."""

    color: str
    line: str
    hatch: str


# Colours that colour-blind readers can distinguish (Okabe & Ito, 2008).
BLUE = Ink("#0072B2", "-", "")
ORANGE = Ink("#E69F00", "--", "///")
GREEN = Ink("#009E73", ":", "...")
PURPLE = Ink("#CC79A7", "-.", "xxx")
INKS = (BLUE, ORANGE, GREEN, PURPLE)


def new_sheet(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that is not registered with pyplot."""
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def draw_band(
    axes: Axes,
    x: Sequence[float],
    band: Float[np.ndarray, "low_middle_high x"],
    ink: Ink,
    **style: Any,
) -> None:
    """Draw a line through the middle of a band."""
    low, middle, high = band
    axes.fill_between(x, low, high, color=ink.color, alpha=0.25, linewidth=0)
    axes.plot(x, middle, ink.line, color=ink.color, **style)


def save_sheet(sheet: Figure, folder: Path, name: str) -> None:
    """Write a figure as PDF and PNG; write each file atomically."""
    for suffix in METADATA:
        save_as(sheet, folder / f"{name}.{suffix}")


def save_as(sheet: Figure, path: Path) -> None:
    """Write a figure atomically, in the format of the path's suffix.

    Raises:
        UsageError: The format is not supported.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in (forms := sheet.canvas.get_supported_filetypes()):
        raise UsageError(f"{path}: expected one of .{', .'.join(forms)} at its end")
    with atomic_path(path) as temporary:
        sheet.savefig(temporary, dpi=DOTS_PER_INCH, metadata=METADATA.get(suffix))


def rounded(values: Shaped[np.ndarray, "..."]) -> Any:
    """Return an array as nested lists for JSON, rounded to `DECIMALS` digits."""
    return np.round(values.astype(float), DECIMALS).tolist()
