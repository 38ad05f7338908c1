"""Figure files of one style, with the same bytes on every run."""

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
LETTERS_PER_INCH = 22  # in a footer
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


def publish(
    folder: Path,
    name: str,
    title: str,
    sheet: Figure,
    numbers: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> StageResult:
    """Write a figure, and the numbers behind it next to it.

    Args:
        folder: The folder of the experiment.
        name: The name of the files, without a suffix.
        title: The title of the figure.
        sheet: The figure.
        numbers: The values for the JSON file; `plain` converts them.
        notes: Sentences about the features, for both the figure and the JSON file.
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
