"""What says that a stage is done: a record, written last.

A file that exists does not say what it was made of. The record does: it holds the
parameters, and a digest of all inputs, so that a replaced video, a corrected label or
a changed parameter makes the stage, and all below it, due again.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.storage import fingerprint, plain, read_json, write_json


@dataclass(frozen=True)
class Outcome:
    """What a stage's work leaves beside its files."""

    failed: dict[str, str] = field(default_factory=dict)  # why videos have no output
    videos: dict[str, Any] | None = None  # by id: what later stages need to know
    result: dict[str, Any] | None = None  # of a stage whose result is a JSON file


@dataclass(frozen=True)
class Record:
    """One finished stage."""

    stage: str
    parameters: dict[str, Any]
    inputs: str  # digest of what the stage was made of
    seconds: float  # that it took
    failed: dict[str, str] = field(default_factory=dict)  # why videos have no output
    videos: dict[str, Any] | None = None  # by id: what later stages need to know
    rate: float | None = None  # frames a second and worker, where it could be measured

    @property
    def digest(self) -> str:
        """What the stages below take as this one's state."""
        made = self.inputs if self.videos is None else self.videos
        return fingerprint([self.parameters, sorted(self.failed), made])


def write_record(path: Path, record: Record, result: Any = None) -> None:
    """Write the record, beside the stage's result where that is JSON itself."""
    entry = plain(record)
    write_json(path, {**(result or {}), "record": entry})


def read_record(path: Path) -> Record | None:
    """The record of a finished stage, or None."""
    if not path.exists():
        return None
    entry = read_json(path)["record"]
    return Record(**{**entry, "failed": dict(entry["failed"])})
