"""The record that says that a stage is done, written last.

A file that exists does not say what it was made from. The record does: it holds the
parameters, and a digest of all inputs, so that a replaced video, a corrected label or
a changed parameter makes the stage, and every stage above it, due again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import DamagedFileError
from pipeline.storage import (
    Proofs,
    file_stamp,
    fingerprint,
    plain,
    read_sealed,
    tell_damage,
    write_sealed,
)


@dataclass(frozen=True)
class VideoFacts:
    """A video's facts that later stages need, found when it was read."""

    frames: int
    fps: float
    start_seconds: float
    end_seconds: float
    source_sha256: str


@dataclass(frozen=True)
class StageResult:
    """The result of a stage's work, besides its files."""

    failed: dict[str, str] = field(default_factory=dict)  # why videos have no output
    videos: Mapping[str, Any] | None = None  # by id: what later stages depend on
    result: dict[str, Any] | None = None  # of a stage whose result is a JSON file


@dataclass(frozen=True)
class Record:
    """One finished stage."""

    stage: str
    parameters: dict[str, Any]
    inputs: str  # digest of everything the stage was made from
    seconds: float  # that the work took
    failed: dict[str, str] = field(default_factory=dict)  # why videos have no output
    videos: Mapping[str, Any] | None = None  # by id: what later stages depend on
    rate: float | None = None  # frames per second and worker; None if not measured
    files: Proofs | None = None  # that the stage wrote; None in an older record

    @cached_property
    def digest(self) -> str:
        """The state of this stage, as the stages above it see it."""
        made = self.inputs if self.videos is None else self.videos
        return fingerprint([self.parameters, sorted(self.failed), made])

    def lost(self, sizes: Mapping[str, int]) -> list[str]:
        """Return the files that are missing or have another size than when written."""
        return [
            name
            for name, proof in (self.files or {}).items()
            if name not in sizes or (proof and sizes[name] != proof[0])
        ]

    @cached_property
    def facts(self) -> dict[str, VideoFacts]:
        """The facts of each video, by id; the stage must be one that reads videos."""
        assert self.videos is not None, f"{self.stage} keeps no facts of videos"
        return {id: VideoFacts(**facts) for id, facts in self.videos.items()}


def write_record(path: Path, record: Record, result: Any = None) -> None:
    """Write the record, next to the stage's result if that is JSON itself."""
    write_sealed(path, plain({**(result or {}), "record": record}))


def read_record(path: Path) -> Record | None:
    """Return the record of a finished stage; None if it is missing or damaged.

    It is parsed once for as long as its file does not change.
    """
    stamp = file_stamp(path)
    return None if stamp[0] is None else _parsed(path, stamp)


@lru_cache
def _parsed(path: Path, stamp: Any) -> Record | None:
    content = read_sealed(path)
    if content is None:
        return None
    try:
        return Record(**content["record"])
    except (LookupError, TypeError):  # or of another version
        tell_damage(DamagedFileError(path, "expected a record, found other content"))
        return None
