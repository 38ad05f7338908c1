"""The figures that an experiment can make, by name."""

import textwrap
from collections.abc import Callable

from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.active import make_active
from pipeline.experiments.figures.category_softmax import make_category_softmax
from pipeline.experiments.figures.lambdas import make_lambdas
from pipeline.experiments.figures.sequences import make_sequences
from pipeline.experiments.figures.seven_gaussians import make_seven_gaussians
from pipeline.experiments.figures.sheet import METADATA, Drawing, save_sheet
from pipeline.experiments.figures.temporal_softmax import make_temporal_softmax
from pipeline.run.record import StageResult
from pipeline.storage import plain, write_json

LETTERS_PER_INCH = 22  # in a footer
MAKERS: dict[str, Callable[[ExperimentRun], Drawing]] = {
    "5": make_sequences,
    "8": make_temporal_softmax,
    "9": make_category_softmax,
    "11": make_seven_gaussians,
    "12": make_lambdas,
    "active": make_active,
}


def make_figure(experiment: ExperimentRun, name: str) -> StageResult:
    """Write a figure to the experiment's folder, and its numbers next to it.

    The notes about the features are part of both, unless the numbers have others.
    """
    title, sheet, numbers = MAKERS[name](experiment)
    content = {"title": title, "notes": experiment.notes, **numbers}
    letters = int(LETTERS_PER_INCH * sheet.get_figwidth())
    footer = "\n".join(textwrap.fill(note, letters) for note in content["notes"])
    sheet.supxlabel(footer, fontsize="xx-small")
    stem = f"figure-{name}"
    save_sheet(sheet, experiment.folder, stem)
    write_json(experiment.folder / f"{stem}.json", plain(content))
    files = [f"{stem}.{suffix}" for suffix in (*METADATA, "json")]
    return StageResult(result={"title": title, "files": files})
