"""The results in a work folder, read from their records without the dataset."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.fanout import Ledger
from pipeline.fanout.lock import held_locks
from pipeline.layout import size_of
from pipeline.report.formats import flatten
from pipeline.run.record import Record, read_record
from pipeline.run.stage import Stage
from pipeline.storage import TEMPORARY_PREFIX, file_name, fingerprint, read_json
from pipeline.workfolder.stages import all_stages, results_in, stage_folders


@dataclass(frozen=True)
class Result:
    """The result of one stage with one set of parameters."""

    stage: str
    task: str
    is_per_video: bool
    fingerprint: str
    is_finished: bool  # True if its record exists
    present: int  # videos with a file; 0 for a stage that is not per video
    missing: int | None  # videos that should have a file; None if not known
    failed: int  # number of videos
    size_bytes: int
    made: datetime  # local time of the last change
    average_map: float | None = None  # percent; only for an evaluation
    parameters: dict[str, Any] = field(default_factory=dict)  # all, by dotted names
    differing: dict[str, Any] = field(default_factory=dict)  # unlike other results


@dataclass(frozen=True)
class Inventory:
    """The content of a work folder."""

    folder: Path
    results: tuple[Result, ...]  # in the order of the stages
    failures: dict[str, int]  # number of videos in the ledger, by stage
    running: tuple[str, ...]  # names of the locks that are held

    @property
    def size_bytes(self) -> int:
        """The total size of the results."""
        return sum(result.size_bytes for result in self.results)


def take_inventory(workdir: Path) -> Inventory:
    """Return the results, failures and held locks of a work folder."""
    results = [
        _result(workdir, folder, name, paths)
        for folder in stage_folders()
        for name, paths in _by_fingerprint(workdir, folder).items()
    ]
    order = [stage.name for stage in all_stages()]
    ledgers = {name: Ledger(workdir, name).read() for name in ("dataset", *order)}
    results = sorted(with_differences(results), key=lambda r: order.index(r.stage))
    return Inventory(
        folder=workdir,
        results=tuple(results),
        failures={name: len(found) for name, found in ledgers.items() if found},
        running=tuple(held_locks(workdir)),
    )


def with_differences(results: Sequence[Result]) -> Iterator[Result]:
    """Yield the results with the parameters in which results of a stage differ."""
    siblings: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        if result.is_finished:
            siblings[result.stage].append(result.parameters)
    for result in results:
        differing = {
            name: value
            for name, value in result.parameters.items()
            if any(other.get(name) != value for other in siblings[result.stage])
        }
        yield replace(result, differing=differing)


def _by_fingerprint(workdir: Path, folder: str) -> dict[str, list[Path]]:
    paths: dict[str, list[Path]] = defaultdict(list)
    for name, path in results_in(workdir, folder):
        paths[name].append(path)
    return paths


def _result(workdir: Path, folder: str, name: str, paths: Sequence[Path]) -> Result:
    stages = {s.name: s for s in all_stages() if s.folder_name == folder}
    stage = next(iter(stages.values()))
    path = paths[0].with_suffix(".json") if stage.is_file else paths[0] / "done.json"
    record = read_record(path)
    stage = stages[record.stage] if record else stage
    present = _names(paths[0], stage.suffix) if stage.is_per_video else set()
    failed = set(record.failed) if record else set()
    missing = None
    if record and (expected := expected_ids(workdir, stage, record)) is not None:
        missing = sum(file_name(id) not in present for id in expected - failed)
    changed = (path if record else paths[0]).stat().st_mtime
    result = read_json(path) if record and stage.is_file else {}
    return Result(
        stage=stage.name,
        task=stage.task,
        is_per_video=stage.is_per_video,
        fingerprint=name,
        is_finished=record is not None,
        present=len(present),
        missing=missing,
        failed=len(failed),
        size_bytes=sum(map(size_of, paths)),
        made=datetime.fromtimestamp(changed),
        average_map=result.get("average_map"),
        parameters=flatten(record.parameters) if record else {},
    )


def expected_ids(workdir: Path, stage: Stage, record: Record) -> set[str] | None:
    """Return the ids of the videos that a stage had to process; None if not known."""
    if not stage.is_per_video:
        return None
    if record.videos is not None:
        return {*record.videos, *record.failed}
    # A stage without its own list works on the videos of the stage below, whose
    # parameters are among its own.
    for below in stage.builds_on:
        own = {n: record.parameters.get(n) for n in ("format", *below.flags)}
        folder = workdir / below.folder_name / fingerprint(own)
        found = read_record(folder / "done.json")
        if found and found.videos is not None:
            return set(found.videos)
    return None


def _names(folder: Path, suffix: str) -> set[str]:
    """Return the names of a per-video stage's files, without their suffix."""
    return {
        path.name.removesuffix(suffix)
        for path in folder.iterdir()
        if path.name.endswith(suffix) and not path.name.startswith(TEMPORARY_PREFIX)
    }
