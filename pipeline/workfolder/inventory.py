"""What runs have left in a work folder, by their records; no dataset is needed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.fanout import Ledger, file_name
from pipeline.fanout.lock import held_locks
from pipeline.layout import FILE_STAGES, FOLDERS, PER_VIDEO, TASKS
from pipeline.report.formats import flatten
from pipeline.run.record import Record, read_record
from pipeline.storage import TEMPORARY_PREFIX, fingerprint, read_json
from pipeline.workfolder.layout import STAGE_FOLDERS, outputs_in, size_of

SUFFIXES = {"decode": ".mkv", "flow": ".mkv", "features": ".safetensors"}


@dataclass(frozen=True)
class Entry:
    """What one stage has made with one set of parameters."""

    stage: str
    fingerprint: str
    is_finished: bool  # its record is there
    present: int  # videos with a file; 0 of a stage that is one piece of work
    missing: int | None  # videos that should have one; None where nobody knows
    failed: int  # videos
    size_bytes: int
    made: datetime  # local time of the last change
    average_map: float | None = None  # percent, of an evaluation
    parameters: dict[str, Any] = field(default_factory=dict)  # all, by dotted names
    differing: dict[str, Any] = field(default_factory=dict)  # from those of siblings


@dataclass(frozen=True)
class Inventory:
    """What lies in a work folder."""

    folder: Path
    entries: tuple[Entry, ...]  # in the order of the stages
    failures: dict[str, int]  # videos in the ledger, by stage
    running: tuple[str, ...]  # names of the locks that some process holds

    @property
    def size_bytes(self) -> int:
        """Of all entries."""
        return sum(entry.size_bytes for entry in self.entries)


def take_inventory(workdir: Path) -> Inventory:
    """Look at all that runs have left in a work folder."""
    entries = [
        _entry(workdir, folder, name, paths)
        for folder in STAGE_FOLDERS
        for name, paths in _by_fingerprint(workdir, folder).items()
    ]
    ledgers = {stage: Ledger(workdir, stage).read() for stage in ("dataset", *TASKS)}
    order = list(TASKS)
    return Inventory(
        folder=workdir,
        entries=tuple(
            sorted(with_differences(entries), key=lambda e: order.index(e.stage))
        ),
        failures={stage: len(found) for stage, found in ledgers.items() if found},
        running=tuple(held_locks(workdir)),
    )


def with_differences(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with those parameters in which siblings of a stage differ."""
    siblings: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        if entry.is_finished:
            siblings[entry.stage].append(entry.parameters)
    return [
        replace(entry, differing=_differing(entry.parameters, siblings[entry.stage]))
        for entry in entries
    ]


def _differing(
    own: dict[str, Any], siblings: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {
        name: value
        for name, value in own.items()
        if any(other.get(name) != value for other in siblings)
    }


def _by_fingerprint(workdir: Path, folder: str) -> dict[str, list[Path]]:
    paths: dict[str, list[Path]] = defaultdict(list)
    for name, path in outputs_in(workdir, folder):
        paths[name].append(path)
    return paths


def _entry(workdir: Path, folder: str, name: str, paths: Sequence[Path]) -> Entry:
    stages = [stage for stage in TASKS if FOLDERS.get(stage, stage) == folder]
    is_file = stages[0] in FILE_STAGES
    path = paths[0].with_suffix(".json") if is_file else paths[0] / "done.json"
    record = record_at(path)
    stage = record.stage if record else stages[0]
    present = _names(paths[0], SUFFIXES[stage]) if stage in PER_VIDEO else set()
    expected = expected_ids(workdir, record) if record else None
    failed = set(record.failed) if record else set()
    changed = (path if record else paths[0]).stat().st_mtime
    result = read_json(path) if record and stage == "evaluate" else {}
    return Entry(
        stage=stage,
        fingerprint=name,
        is_finished=record is not None,
        present=len(present),
        missing=None
        if expected is None
        else sum(file_name(id) not in present for id in expected - failed),
        failed=len(failed),
        size_bytes=sum(map(size_of, paths)),
        made=datetime.fromtimestamp(changed),
        average_map=result.get("average_map"),
        parameters=flatten(record.parameters) if record else {},
    )


def record_at(path: Path) -> Record | None:
    """The record of a finished stage; None too where it cannot be read."""
    try:
        return read_record(path)
    except (ValueError, LookupError, TypeError, OSError):
        return None


def expected_ids(workdir: Path, record: Record) -> set[str] | None:
    """The videos that a per-video stage was to work on; None where nobody knows."""
    if record.stage not in PER_VIDEO:
        return None
    if record.videos is not None:
        return {*record.videos, *record.failed}
    # The flow is of what was decoded, whose parameters are among its own.
    own = {name: record.parameters.get(name) for name in ("format", "decode")}
    below = record_at(workdir / FOLDERS["decode"] / fingerprint(own) / "done.json")
    return set(below.videos) if below and below.videos else None


def _names(folder: Path, suffix: str) -> set[str]:
    """The files of a per-video stage, without their suffix."""
    return {
        path.name.removesuffix(suffix)
        for path in folder.iterdir()
        if path.name.endswith(suffix) and not path.name.startswith(TEMPORARY_PREFIX)
    }
