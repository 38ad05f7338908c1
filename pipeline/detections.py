"""Detections: one type, and the two files that hold them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.datasets import read_annotations
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.storage import atomic_path, write_json

VERSION = "soda 1"


@dataclass(frozen=True)
class Detection:
    """An action that was found during [start, end)."""

    label: str
    score: float
    start_seconds: float
    end_seconds: float


Detections = Mapping[str, Sequence[Detection]]  # by video id


def write_detections(path: Path, detections: Detections, origin: Any = None) -> None:
    """Write ActivityNet's results JSON and, beside it, the same as CSV.

    Times are rounded to milliseconds; detections stand by descending score.
    """
    ordered = {
        id: sorted(found, key=lambda d: -d.score) for id, found in detections.items()
    }
    results = {id: [_to_json(d) for d in found] for id, found in ordered.items()}
    write_json(
        path, {"version": VERSION, "results": results, "external_data": origin or {}}
    )
    with (
        atomic_path(path.with_suffix(".csv")) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["video_id", "label", "start_seconds", "end_seconds", "score"])
        for id, found in results.items():
            for d in found:
                writer.writerow([id, d["label"], *d["segment"], d["score"]])


def _to_json(detection: Detection) -> dict[str, Any]:
    return {
        "label": detection.label,
        "score": round(detection.score, 6),
        "segment": [
            round(detection.start_seconds, 3),
            round(detection.end_seconds, 3),
        ],
    }


def read_detections(path: Path) -> dict[str, list[Detection]]:
    """Read ActivityNet's results JSON.

    Raises:
        InputNotFoundError: No such file.
        AnnotationError: The file does not hold results; the message says what is
            expected.
    """
    if not path.is_file():
        raise InputNotFoundError(f"{path}: no such file of detections")
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
            f"[start, end]}}]}}}}, found something else ({error!r})"
        ) from error
