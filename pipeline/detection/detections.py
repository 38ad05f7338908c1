"""The type of a detection, and the two files that hold detections."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan
from pathlib import Path
from typing import Any

from pipeline.datasets import read_annotations
from pipeline.errors import AnnotationError, InputNotFoundError, in_words
from pipeline.storage import text_of, write_csv, write_json

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
        AnnotationError: If the file does not hold results. The message says what is
            expected.
    """
    if not path.is_file():
        raise InputNotFoundError(
            f"{path}: expected a file of detections, found no such file; check the "
            "path, or run DetectActions to write one"
        )
    return _read_table(path) if path.suffix == ".csv" else _read_results(path)


def _read_results(path: Path) -> dict[str, list[Detection]]:
    content = read_annotations(path)
    try:
        return {
            str(id): [
                Detection(str(d["label"]), float(d["score"]), *map(float, d["segment"]))
                for d in found
            ]
            for id, found in content["results"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnnotationError(
            f'{path}: expected {{"results": {{id: [{{"label", "score", "segment": '
            f"[start, end]}}]}}}}, found something else ({in_words(error)})"
        ) from error


def _read_table(path: Path) -> dict[str, list[Detection]]:
    detections: dict[str, list[Detection]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        try:
            for row in rows:
                times = (float(row["start_seconds"]), float(row["end_seconds"]))
                label, id = text_of(row["label"]), text_of(row["video_id"])
                found = Detection(label, float(row["score"]), *times)
                detections.setdefault(id, []).append(found)
        except (KeyError, TypeError, ValueError) as error:
            raise AnnotationError(
                f"{path}, line {rows.line_num}: expected {','.join(COLUMNS)}, found "
                f"something else ({in_words(error)})"
            ) from error
    return detections


def check_detections(detections: Detections) -> None:
    """Refuse detections whose meaning could only be guessed.

    Raises:
        AnnotationError: If a time or a score is not a number, or if a detection ends
            before it starts.
    """
    for id, found in detections.items():
        for d in found:
            ordered = -inf < d.start_seconds <= d.end_seconds < inf
            if isnan(d.score) or not ordered:
                raise AnnotationError(
                    f"detections of {id}: expected a score that is a number and "
                    f"seconds with start <= end, found score {d.score}, segment "
                    f"[{d.start_seconds}, {d.end_seconds}] ({d.label}); correct or "
                    "remove it"
                )
