"""The values of a table: mean and spread over the seeds, written to files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from pipeline.experiments.cells import Results, run_cells
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.tables import Table
from pipeline.run.record import StageResult
from pipeline.storage import csv_text, plain, write_text

AT = "0.5"  # the tIoU in the paper's tables
HEADER = ["", "mAP@.5", "average mAP", "paper, THUMOS14 mAP@.5"]
LATEX = str.maketrans({"±": r"$\pm$"} | {letter: rf"\{letter}" for letter in "%&_#"})


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

    def csv_cells(self) -> list[Any]:
        """Return the mean, the spread and all values."""
        seeds = " ".join(map(str, self.values))
        return [round(self.mean, 4), round(self.spread, 4), seeds]

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


def make_table(experiment: ExperimentRun, table: Table) -> StageResult:
    """Train and score the rows, and write the table."""
    rows = make_rows(experiment, table)
    return StageResult(result={"title": table.title, "rows": plain(rows)})


def make_rows(experiment: ExperimentRun, table: Table) -> list[SummaryRow]:
    """Train and score the rows of a table, write the table, and return the rows."""
    rows = summarise(table, run_cells(experiment, table, experiment.seeds))
    write_summary(experiment.folder, table, rows, experiment.note)
    return rows


def summarise(table: Table, results: Results) -> list[SummaryRow]:
    """Return the rows with their values over the seeds."""
    rows = []
    for row in table.rows:
        scores = results[row.label]
        at_half = tuple(s.map[AT] for s in scores if AT in s.map)
        average = Values(tuple(s.average_map for s in scores))
        measured = Values(at_half) if at_half else None
        rows.append(SummaryRow(row.label, measured, average, row.paper))
    return rows


def write_summary(
    folder: Path, table: Table, rows: Sequence[SummaryRow], note: str
) -> None:
    """Write the table as Markdown, CSV and LaTeX."""
    write_text(folder / f"{table.name}.md", to_markdown(table.title, rows, note))
    write_text(folder / f"{table.name}.csv", to_csv(rows))
    write_text(folder / f"{table.name}.tex", to_latex(table.title, rows, note))


def to_markdown(title: str, rows: Sequence[SummaryRow], note: str) -> str:
    """Return the table as Markdown."""
    body = markdown_table(HEADER, [row.cells() for row in rows])
    return f"## {title}\n\n{note}\n\n{body}\n"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown, without a line break at its end."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def to_csv(rows: Sequence[SummaryRow]) -> str:
    """Return the table as CSV, with one line per value for further computation."""
    lines: list[list[Any]] = [["row", "measure", "mean", "spread", "paper", "seeds"]]
    for row in rows:
        if row.at_half:
            *means, seeds = row.at_half.csv_cells()
            lines.append([row.label, "mAP@.5", *means, row.paper, seeds])
        *means, seeds = row.average.csv_cells()
        lines.append([row.label, "average mAP", *means, None, seeds])
    return csv_text(lines)


def to_latex(title: str, rows: Sequence[SummaryRow], note: str) -> str:
    """Return the table as LaTeX that uses booktabs."""
    head, *body = (
        " & ".join(cell.translate(LATEX) for cell in line) + r" \\"
        for line in (HEADER, *(row.cells() for row in rows))
    )
    lines = "\n".join(body)
    return rf"""\begin{{table}}
\caption{{{title.translate(LATEX)}. {note.translate(LATEX)}}}
\begin{{tabular}}{{lrrr}}
\toprule
{head}
\midrule
{lines}
\bottomrule
\end{{tabular}}
\end{{table}}
"""
