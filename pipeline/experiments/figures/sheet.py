"""Figures as files: one style, and the same bytes whenever they are made."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped
from matplotlib.figure import Figure

from pipeline.errors import UsageError
from pipeline.run.record import StageResult
from pipeline.storage import atomic_path, plain, write_json

DOTS_PER_INCH = 200
DECIMALS = 6
LETTERS_PER_INCH = 22  # of a footer
# What would change with the day or with the version of matplotlib stays out.
METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


class Ink(NamedTuple):
    """How something is drawn wherever it comes up: told by its lines in grey, too."""

    color: str
    line: str
    hatch: str


# Colours that the colour-blind can tell apart (Okabe & Ito, 2008).
BLUE = Ink("#0072B2", "-", "")
ORANGE = Ink("#E69F00", "--", "///")
GREEN = Ink("#009E73", ":", "...")
PURPLE = Ink("#CC79A7", "-.", "xxx")
INKS = (BLUE, ORANGE, GREEN, PURPLE)


def new_sheet(width_inches: float, height_inches: float) -> Figure:
    """An empty figure that belongs to nobody else, as pyplot's would."""
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def publish(
    folder: Path,
    name: str,
    title: str,
    sheet: Figure,
    numbers: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> StageResult:
    """Write a figure and the numbers behind it beside each other.

    Args:
        folder: The folder of the experiment.
        name: Of the files.
        title: Of what the figure is.
        sheet: The figure.
        numbers: What JSON can hold once it is made plain.
        notes: What features it is of; these stand in both.
    """
    letters = int(LETTERS_PER_INCH * sheet.get_figwidth())
    footer = "\n".join(textwrap.fill(note, letters) for note in notes)
    sheet.supxlabel(footer, fontsize="xx-small")
    save_sheet(sheet, folder, name)
    content = {"title": title, "notes": notes, **numbers}
    write_json(folder / f"{name}.json", plain(content))
    files = [f"{name}.{suffix}" for suffix in (*METADATA, "json")]
    return StageResult(result={"title": title, "files": files})


def save_sheet(sheet: Figure, folder: Path, name: str) -> None:
    """Write a figure as PDF and PNG, each whole or not at all."""
    for suffix in METADATA:
        save_as(sheet, folder / f"{name}.{suffix}")


def save_as(sheet: Figure, path: Path) -> None:
    """Write a figure in the form that the name's end says, whole or not at all.

    Raises:
        UsageError: There is no such form.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in (forms := sheet.canvas.get_supported_filetypes()):
        raise UsageError(f"{path}: expected one of .{', .'.join(forms)} at its end")
    with atomic_path(path) as temporary:
        sheet.savefig(temporary, dpi=DOTS_PER_INCH, metadata=METADATA.get(suffix))


def rounded(values: Shaped[np.ndarray, "..."]) -> Any:
    """Numbers as JSON holds them, without digits that nobody reads."""
    return np.round(values.astype(float), DECIMALS).tolist()
