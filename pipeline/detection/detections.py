"""The type of a detection, and the two files that hold detections."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from math import inf, isfinite
from pathlib import Path
from typing import Any

from pipeline.datasets import read_annotations
from pipeline.datasets.spelling import label_text, warn_of_numbers
from pipeline.datasets.text import json_path, read_text
from pipeline.errors import AnnotationError, InputNotFoundError, in_words
from pipeline.storage import check_whole, text_of, write_csv, write_json

VERSION = "soda 1"
COLUMNS = ["video_id", "label", "start_seconds", "end_seconds", "score"]


@dataclass(frozen=True)
class Detection:
    """An action that was found during [start, end)."""

    label: str
    score: float
    start_seconds: float
    end_seconds: float


Detections = Mapping[str, Sequence[Detection]]  # by video id


def write_detections(path: Path, detections: Detections, origin: Any = None) -> None:
    """Write ActivityNet's results JSON and, next to it, the same as CSV.

    Times are rounded to milliseconds. Detections are sorted by descending score.
    """
    write_results(path, detections, origin)
    write_table(path.with_suffix(".csv"), detections)


def write_results(path: Path, detections: Detections, origin: Any = None) -> None:
    """Write ActivityNet's results JSON; `origin` records what made the detections."""
    results = _by_score(detections)
    write_json(
        path, {"version": VERSION, "results": results, "external_data": origin or {}}
    )


def write_table(path: Path, detections: Detections) -> None:
    """Write a CSV with one row per detection; a video without detections has none."""
    rows = [
        [id, d["label"], *d["segment"], d["score"]]
        for id, found in _by_score(detections).items()
        for d in found
    ]
    write_csv(path, [COLUMNS, *rows])


def _by_score(detections: Detections) -> dict[str, list[dict[str, Any]]]:
    return {
        id: [
            {
                "label": d.label,
                "score": round(d.score, 6),
                "segment": [round(d.start_seconds, 3), round(d.end_seconds, 3)],
            }
            for d in sorted(found, key=lambda d: -d.score)
        ]
        for id, found in detections.items()
    }


def read_detections(path: Path) -> dict[str, list[Detection]]:
    """Read ActivityNet's results JSON, or the CSV that is written next to it.

    Raises:
        InputNotFoundError: If the file does not exist.
        DamagedFileError: If it is ours and was changed after it was written.
        AnnotationError: If the file does not hold results. The message says what is
            expected.
    """
    if not path.is_file():
        raise InputNotFoundError(
            f"{path}: expected a file of detections, found no such file; check the "
            "path, or run DetectActions to write one"
        )
    check_whole(path)
    return _read_table(path) if path.suffix == ".csv" else _read_results(path)


def _read_results(path: Path) -> dict[str, list[Detection]]:
    content = read_annotations(path)
    results = content.get("results") if isinstance(content, dict) else None
    if not (isinstance(results, dict) and all(map(_is_list, results.values()))):
        raise AnnotationError(
            f'{path}: expected {{"results": {{id: [{{"label", "score", "segment": '
            "[start, end]}]}}, found something else"
        )
    try:
        detections = {
            id: [_detection(d, "results", id, index) for index, d in enumerate(found)]
            for id, found in results.items()
        }
    except ValueError as error:
        raise AnnotationError(f"{path}: {error}; correct or remove it") from error
    warn_of_numbers(path, (d["label"] for found in results.values() for d in found))
    return detections


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _detection(value: Any, *place: str | int) -> Detection:
    try:
        label, score = value["label"], float(value["score"])
        start, end = map(float, value["segment"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'{json_path(place)}: expected {{"label", "score", "segment": [start, '
            f"end]}}, found {json.dumps(value)[:200]}"
        ) from error
    return Detection(label_text(label, *place, "label"), score, start, end)


def _read_table(path: Path) -> dict[str, list[Detection]]:
    rows = csv.DictReader(StringIO(read_text(path), newline=""))
    columns = [name.strip() for name in rows.fieldnames or ()]
    if not {*COLUMNS} <= {*columns}:
        raise AnnotationError(
            f"{path}: expected the columns {','.join(COLUMNS)}, found "
            f"{','.join(columns) or 'an empty file'}; write the file again"
        )
    rows.fieldnames = columns
    detections: dict[str, list[Detection]] = {}
    try:
        for row in rows:
            if None in row.values():
                raise ValueError("fewer cells than columns")
            times = (float(row["start_seconds"]), float(row["end_seconds"]))
            label, id = text_of(row["label"]), text_of(row["video_id"])
            found = Detection(label_text(label), float(row["score"]), *times)
            detections.setdefault(id, []).append(found)
    except (TypeError, ValueError, csv.Error) as error:
        raise AnnotationError(
            f"{path}, line {rows.line_num}: expected {','.join(COLUMNS)}, found "
            f"something else ({in_words(error)})"
        ) from error
    return detections


def check_detections(detections: Detections) -> None:
    """Refuse detections whose meaning could only be guessed.

    Raises:
        AnnotationError: If a time or a score is infinite or not a number, or if a
            detection ends before it starts.
    """
    for id, found in detections.items():
        for d in found:
            ordered = -inf < d.start_seconds <= d.end_seconds < inf
            if not (isfinite(d.score) and ordered):
                raise AnnotationError(
                    f"detections of {id}: expected a score that is a finite number and "
                    f"seconds with start <= end, found score {d.score}, segment "
                    f"[{d.start_seconds}, {d.end_seconds}] ({d.label}); correct or "
                    "remove it"
                )
