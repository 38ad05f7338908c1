"""The values of a table: mean and spread over the seeds, written to files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from pipeline.evaluation import Scores
from pipeline.experiments.cells import Results, run_cells
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.tables import Table
from pipeline.run.record import StageResult
from pipeline.storage import plain, write_text

AT = "0.5"  # the tIoU in the paper's tables


@dataclass(frozen=True)
class Values:
    """One measure of one row, in percent, with one value per seed."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return fmean(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds (n - 1); 0 for a single one."""
        return stdev(self.values) if len(self.values) > 1 else 0.0

    def __str__(self) -> str:
        return f"{self.mean:.1f} ± {self.spread:.1f}"


@dataclass(frozen=True)
class SummaryRow:
    """One row of a table."""

    label: str
    at_half: Values | None  # mAP@.5, if it was measured
    average: Values
    paper: float | None

    def cells(self) -> list[str]:
        """Return the row as text for display."""
        paper = "" if self.paper is None else f"{self.paper:.1f}"
        at_half = "" if self.at_half is None else str(self.at_half)
        return [self.label, at_half, str(self.average), paper]


HEADER = ["", "mAP@.5", "average mAP", "paper, THUMOS14 mAP@.5"]


def make_table(experiment: ExperimentRun, table: Table) -> StageResult:
    """Train and score the rows, and write the table."""
    rows = summarise(table, run_cells(experiment, table, experiment.seeds))
    write_summary(experiment.folder, table, rows, experiment.note)
    return StageResult(result={"title": table.title, "rows": plain(rows)})


def summarise(table: Table, results: Results) -> list[SummaryRow]:
    """Return the rows with their values over the seeds."""
    return [
        SummaryRow(
            row.label,
            _at_half(results[row.label]),
            Values(tuple(s.average_map for s in results[row.label])),
            row.paper,
        )
        for row in table.rows
    ]


def _at_half(results: Sequence[Scores]) -> Values | None:
    if AT not in results[0].map:
        return None
    return Values(tuple(scores.map[AT] for scores in results))


def write_summary(
    folder: Path, table: Table, rows: Sequence[SummaryRow], note: str
) -> None:
    """Write the table as Markdown, CSV and LaTeX."""
    write_text(folder / f"{table.name}.md", to_markdown(table.title, rows, note))
    write_text(folder / f"{table.name}.csv", to_csv(rows))
    write_text(folder / f"{table.name}.tex", to_latex(table.title, rows, note))


def to_markdown(title: str, rows: Sequence[SummaryRow], note: str) -> str:
    """Return the table as Markdown."""
    lines = [HEADER, ["---"] * len(HEADER), *(row.cells() for row in rows)]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {title}\n\n{note}\n\n{body}\n"


def to_csv(rows: Sequence[SummaryRow]) -> str:
    """Return the table as CSV, with one line per value for further computation."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "measure", "mean", "spread", "paper", "seeds"])
    for row in rows:
        measures = {"mAP@.5": row.at_half, "average mAP": row.average}
        for name, figures in measures.items():
            if figures:
                paper = row.paper if name == "mAP@.5" else None
                means = [round(figures.mean, 4), round(figures.spread, 4)]
                seeds = " ".join(map(str, figures.values))
                writer.writerow([row.label, name, *means, paper, seeds])
    return text.getvalue()


def to_latex(title: str, rows: Sequence[SummaryRow], note: str) -> str:
    """Return the table as LaTeX that uses booktabs."""
    lines = [[_escaped(cell) for cell in line] for line in (HEADER, *_cells(rows))]
    head, *body = (" & ".join(line) + r" \\" for line in lines)
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_escaped(title)}. {_escaped(note)}}}",
            r"\begin{tabular}{lrrr}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _cells(rows: Sequence[SummaryRow]) -> list[list[str]]:
    return [row.cells() for row in rows]


def _escaped(text: str) -> str:
    special = {"±": r"$\pm$", "%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#"}
    return "".join(special.get(letter, letter) for letter in text)
