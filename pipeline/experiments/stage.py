"""The stage that makes one table or figure."""

from pipeline.experiments.cells import run_cells, seeds_of
from pipeline.experiments.figures import make_figure
from pipeline.experiments.summary import summarise, write_summary
from pipeline.experiments.tables import TABLES, Table
from pipeline.run.record import Outcome
from pipeline.run.run import Run
from pipeline.stages.report import notes
from pipeline.storage import plain


def run_experiment(run: Run) -> Outcome:
    """Make what the configuration asks for."""
    chosen = run.config.experiment
    if chosen.table:
        return make_table(run, TABLES[chosen.table])
    return make_figure(run, chosen.figure)


def make_table(run: Run, table: Table) -> Outcome:
    """Train what the rows need, and write the table."""
    rows = summarise(table, run_cells(run, table, seeds_of(run)))
    write_summary(run.folder("experiment"), table, rows, note_of(run))
    return Outcome(result={"title": table.title, "rows": plain(rows)})


def note_of(run: Run) -> str:
    """Of what the figures are, and of which features."""
    subset, videos = run.config.detect.subset, len(run.searched_videos)
    tious = run.config.evaluate.tiou
    return (
        f"{run.dataset.name}, {videos} {subset} videos, {run.config.experiment.seeds} "
        f"seed(s), mean ± standard deviation; the average is over tIoU "
        f"{tious[0]:g} to {tious[-1]:g}. {'; '.join(notes(run))}."
    )
