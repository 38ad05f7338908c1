"""A table of videos and their actions: CSV, one row per action."""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from extractors.errors import reading
from pipeline.datasets.dataset import BACKGROUND, SUBSETS, Instance
from pipeline.datasets.draft import DraftVideo
from pipeline.datasets.spelling import own_subset_names, point_label
from pipeline.datasets.text import read_text
from pipeline.errors import AnnotationError
from pipeline.progress import count_of

NEEDED = {"path", "label"}
COLUMNS = {*NEEDED, "start_seconds", "end_seconds", "subset"}


def entries_of_table(table: Path, folder: Path) -> list[DraftVideo]:
    """Read the videos of a CSV file with one row per action.

    The columns are `path,label` and optionally `start_seconds,end_seconds,subset`.
    Paths are relative to the folder or absolute. The label `background` means a video
    without any action. `subset` is given for every video or for none.

    Raises:
        AnnotationError: If rows cannot be used. All are listed with their lines.
    """
    rows = list(_rows(table))
    problems = []
    try:
        names = own_subset_names({row.get("subset", "") for _, row in rows})
        for _, row in rows:
            row["label"] = point_label(row["label"])
            if "subset" in row:
                row["subset"] = names.get(row["subset"], row["subset"])
    except ValueError as error:
        problems = [f"  subset: {error}"]
    problems += [
        f"  line {line}: {problem}"
        for line, row in rows
        for problem in _row_problems(row, folder)
    ]
    by_path: dict[Path, list[dict[str, str]]] = defaultdict(list)
    for _, row in rows:
        by_path[folder / row["path"]].append(row)
    for path, found in by_path.items():
        if len({row.get("subset", "") for row in found}) > 1:
            problems.append(f"  {path}: is in more than one subset")
    if len({bool(row.get("subset")) for _, row in rows}) > 1:
        problems.append("  subset: give it for every video or for none")
    if problems:
        raise AnnotationError(
            f"{table}: {count_of(len(problems), 'problem')}; correct the file and run "
            "the same command again\n" + "\n".join(problems)
        )
    return [_entry(path, found) for path, found in by_path.items()]


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the stripped cells of each row."""
    reader = csv.DictReader(
        StringIO(read_text(table), newline=""), restkey="", restval=""
    )
    with reading(
        lambda why: AnnotationError(
            f"{table}, line {reader.line_num}: expected the cells of a CSV file, found "
            f"{why}"
        )
    ):
        yield from _cells(table, reader)


def _cells(
    table: Path, reader: "csv.DictReader[str]"
) -> Iterator[tuple[int, dict[str, str]]]:
    columns = [name.strip() for name in reader.fieldnames or ()]
    if not NEEDED <= set(columns) <= COLUMNS:
        raise AnnotationError(
            f"{table}: expected the columns path,label and optionally start_seconds,"
            f"end_seconds,subset, separated by commas; found {columns}"
        )
    reader.fieldnames = columns
    for row in reader:
        cells = {name: cell.strip() for name, cell in row.items() if name}
        yield reader.line_num, cells


def _row_problems(row: dict[str, str], folder: Path) -> Iterator[str]:
    if not row["path"] or not os.path.isfile(folder / row["path"]):
        yield f"no such file: {folder / row['path']}"
    if row.get("subset", "") not in ("", *SUBSETS):
        yield f"expected the subset train or test, found {row['subset']!r}"
    times = [row.get("start_seconds", ""), row.get("end_seconds", "")]
    if not any(times):
        return
    try:
        start, end = map(float, times)
        if not 0 <= start < end < float("inf"):
            raise ValueError
    except ValueError:
        yield f"expected 0 <= start_seconds < end_seconds, found {times}"
    if row["label"] in ("", BACKGROUND):
        yield (
            f"expected an action as the label of a segment, found {row['label']!r}; "
            "leave the row out, as all time between segments is background"
        )


def _entry(path: Path, rows: Sequence[dict[str, str]]) -> DraftVideo:
    labels = {row["label"] for row in rows} - {""}
    instances = tuple(
        Instance(row["label"], float(row["start_seconds"]), float(row["end_seconds"]))
        for row in rows
        if row.get("start_seconds")
    )
    return DraftVideo(
        path=path,
        labels=tuple(sorted(labels - {BACKGROUND})) if labels else None,
        instances=instances,
        subset=next((s for s in SUBSETS if s == rows[0].get("subset")), None),
    )
