"""The results of a model on a dataset, read back from its files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.datasets import read_annotations
from pipeline.detection.activations import read_response, response_path
from pipeline.detection.detections import Detection, check_detections, read_detections
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.report import Findings
from pipeline.report.formats import flatten, readable

MOST_NAMED = 5  # videos or classes, in a message
LONGEST_IN_NAME = 16  # characters of a parameter's value, in the name of a model


@dataclass(frozen=True)
class DetectionSet:
    """A file of detections and, if they are in the same folder, the activations."""

    path: Path  # of the detections
    detections: dict[str, list[Detection]]
    origin: dict[str, Any]  # parameters of the run that made them; empty if not stated

    def findings(self, id: str) -> Findings:
        """Return the findings in a video; no detections if it was not processed."""
        found = tuple(self.detections.get(id, ()))
        path = response_path(self.path.parent, id)
        if not path.is_file():
            return Findings(found)
        thresholds = flatten(self.origin).get("detect.cas_thresholds", ())
        return Findings(found, read_response(path), tuple(thresholds))

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """The model's classes in the order of its rows; None without activations."""
        files = (response_path(self.path.parent, id) for id in self.detections)
        first = next((file for file in files if file.is_file()), None)
        return read_response(first).classes if first else None

    @property
    def title(self) -> str:
        """The title of a report on these detections: the folder's or file's name."""
        is_ours = self.path.name == "detections.json"
        return self.path.parent.name if is_ours else self.path.stem

    @property
    def labels(self) -> set[str]:
        """The classes that were detected."""
        return {d.label for found in self.detections.values() for d in found}

    def check_same(self, other: "DetectionSet") -> None:
        """Check that another model's detections can be compared with these.

        Raises:
            AnnotationError: The other detections are of other videos or classes.
        """
        names = [("videos", tuple(self.detections), tuple(other.detections))]
        if self.classes and other.classes:
            names.append(("classes", self.classes, other.classes))
        for what, expected, found in names:
            if odd := sorted({*expected} ^ {*found}):
                more = ", …" if odd[MOST_NAMED:] else ""
                raise AnnotationError(
                    f"{other.path}: expected the {len(expected)} {what} of {self.path},"
                    f" found {len(found)} that differ in "
                    f"{', '.join(odd[:MOST_NAMED])}{more}; compare two runs on one "
                    "dataset"
                )
            if what == "classes" and expected != found:
                raise AnnotationError(
                    f"{other.path}: expected the classes in the order of {self.path}, "
                    "found another order; detect again with models of one dataset"
                )


def differences(found: Sequence[DetectionSet]) -> dict[str, list[Any]]:
    """Return the parameters, by dotted names, in which the models differ."""
    flat = [flatten(each.origin) for each in found]
    names = dict.fromkeys(name for values in flat for name in values)
    rows = {name: [values.get(name) for values in flat] for name in names}
    return {name: row for name, row in rows.items() if any(v != row[0] for v in row)}


def model_names(found: Sequence[DetectionSet]) -> list[str]:
    """Return short names that distinguish models: by a parameter, else by file."""
    for name, values in differences(found).items():
        texts = [readable(value) for value in values]
        is_short = max(map(len, texts)) <= LONGEST_IN_NAME
        if None not in values and is_short and len(set(texts)) == len(texts):
            return [f"{name.rpartition('.')[2].replace('_', ' ')} {t}" for t in texts]
    return [each.title for each in found]


def comparison_notes(found: Sequence[DetectionSet]) -> Iterator[str]:
    """Yield a note for each further model that lists how it differs from the first."""
    for other in found[1:]:
        rows = [
            f"{name}: {readable(a)} | {readable(b)}"
            for name, (a, b) in differences([found[0], other]).items()
        ]
        told = "; ".join(rows) or "no parameter that the files state"
        yield f"compared with {other.path}, which differs in {told}"


def detections_in(path: Path) -> Path:
    """Return the detections file of a DetectActions folder, or the file itself."""
    return path / "detections.json" if path.is_dir() else path


def read_detection_set(path: Path) -> DetectionSet:
    """Read a folder that DetectActions wrote, or any file of detections.

    Raises:
        InputNotFoundError: The folder or file does not exist.
        AnnotationError: The file does not hold detections.
    """
    file = detections_in(path)
    if not file.is_file():
        raise InputNotFoundError(
            f"{path}: expected detections, or a folder detections/<fingerprint> that "
            "DetectActions wrote, found neither; check the path"
        )
    detections = read_detections(file)
    check_detections(detections)
    origin = {} if file.suffix == ".csv" else read_annotations(file)
    data = origin.get("external_data")
    return DetectionSet(file, detections, data if isinstance(data, dict) else {})
