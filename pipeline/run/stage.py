"""A stage of the pipeline as an object, from which everything about it is derived.

A stage names the stages that it needs as objects, and its own share of everything
else. Its fingerprint, its folder, the flags of its Luigi task and its place in the
messages of a run follow by walking these objects; no table lists the stages.
"""

import os
from collections import ChainMap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.datasets import Video
from pipeline.fanout import Resources
from pipeline.fanout.resources import network_resources
from pipeline.run.record import Record, StageResult, read_record
from pipeline.run.run import Run
from pipeline.storage import INPUTS, RECORD, WRITTEN, file_name, fingerprint, sizes_in


@dataclass(frozen=True, eq=False, kw_only=True)
class Stage:
    """One stage of the pipeline."""

    name: str  # in records, ledgers, locks and the folders of jobs
    task: str  # the Luigi task
    folder_name: str  # in the work folder
    kind: str  # the flag of `soda clean` that removes its files
    work: Callable[[Run], StageResult]

    # Every stage that it may need in some run: its task has the flags of them all.
    builds_on: tuple["Stage", ...] = ()
    # Those whose parameters decide its result in a run; None: all.
    needs: Callable[[Run], tuple["Stage", ...]] | None = None
    # Those whose files it reads in a run, and which must be done; None: as needed.
    reads: Callable[[Run], tuple["Stage", ...]] | None = None

    # Its own sections of the configuration; a fingerprint has those below it, too,
    sections: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()  # but for these, which do not change its result,
    # and these besides, and those of the stages below.
    parameters: Callable[[Run], dict[str, Any]] = lambda run: {}
    options: tuple[str, ...] = ()  # those marked `OF_STAGES` that it takes
    # Its share of the inputs that no fingerprint covers: files, labels, clicks.
    content: Callable[[Run], Any] = lambda run: None

    suffix: str = ""  # of a file for each video; empty: the stage is one piece of work
    is_file: bool = False  # leaves files named by the fingerprint, no folder of it
    other_folders: tuple[str, ...] = ()  # in the work folder, named by fingerprint too
    rewritten: tuple[str, ...] = ()  # files of its folder that later stages change
    outputs: Callable[[Run], list[Path]] | None = None  # None: its result
    result: Callable[[Run], Path] | None = None  # to show to people; None: its folder
    label: str = ""  # what the result is called; empty: the task

    slurm: str = ""  # section of soda.toml; empty: never leaves this machine
    is_sent: bool = False  # to a cluster as a whole; others send their videos
    runs_networks: Callable[[Run], bool] = lambda run: False

    check: Callable[[Run], None] = lambda run: None  # refuses a run before any work
    report: Callable[[Run], None] = lambda run: None  # prints what it found
    next: Callable[[Run], str] = lambda run: ""  # the task to run next, with its flags

    @property
    def is_per_video(self) -> bool:
        """True if the stage leaves a file for each video."""
        return bool(self.suffix)

    @property
    def flags(self) -> tuple[str, ...]:
        """The sections of the configuration whose fields are flags of its task."""
        below = (section for stage in self.builds_on for section in stage.flags)
        return tuple(dict.fromkeys((*below, *self.sections)))

    def needed(self, run: Run) -> tuple["Stage", ...]:
        """Return the stages whose parameters decide the result in a run."""
        return self.builds_on if self.needs is None else self.needs(run)

    def inputs(self, run: Run) -> tuple["Stage", ...]:
        """Return the stages whose files this one reads in a run."""
        return self.needed(run) if self.reads is None else self.reads(run)

    def chain(self, run: Run) -> tuple["Stage", ...]:
        """Return this stage and all below it, in the order of the work."""
        below = (stage for need in self.inputs(run) for stage in need.chain(run))
        return tuple(dict.fromkeys((*below, self)))

    def identity(self, run: Run) -> dict[str, Any]:
        """Return all parameters that decide the result, those of stages below too."""
        return {**run.parameters_of(self._sections(run)), **self._parameters(run)}

    def _parameters(self, run: Run) -> dict[str, Any]:
        below = ChainMap(*(need._parameters(run) for need in self.needed(run)))
        return {**below, **self.parameters(run)}

    def _sections(self, run: Run) -> list[str]:
        below = [name for need in self.needed(run) for name in need._sections(run)]
        own = [name for name in self.sections if run.uses(name)]
        return [n for n in dict.fromkeys((*below, *own)) if n not in self.ignores]

    def fingerprint(self, run: Run) -> str:
        """Return the short hash of the identity that paths carry."""
        if self not in run.fingerprints:
            run.fingerprints[self] = fingerprint(self.identity(run))
        return run.fingerprints[self]

    def folder(self, run: Run) -> Path:
        """Return the folder of the stage's files."""
        if self not in run.folders:
            own = "" if self.is_file else self.fingerprint(run)
            run.folders[self] = run.workdir / self.folder_name / own
        return run.folders[self]

    def video_file(self, run: Run, id: str) -> Path:
        """Return the file of one video."""
        return self.folder(run) / f"{file_name(id)}{self.suffix}"

    def record_path(self, run: Run) -> Path:
        """Return the path of the record: next to the files, or in the JSON result."""
        name = f"{self.fingerprint(run)}.json" if self.is_file else RECORD
        return self.folder(run) / name

    def record(self, run: Run) -> Record | None:
        """Return the record that the stage left when it was last finished."""
        return read_record(self.record_path(run))

    def result_path(self, run: Run) -> Path:
        """Return the file or folder to show to people."""
        return self.result(run) if self.result else self.folder(run)

    def expected(self, run: Run, failed: Iterable[str] = ()) -> list[Path]:
        """Return the files that the finished stage has left, except failed videos'."""
        if self.is_per_video:
            skipped = set(failed)
            videos = usable(run, self.inputs(run))
            return [self.video_file(run, v.id) for v in videos if v.id not in skipped]
        return self.outputs(run) if self.outputs else [self.result_path(run)]

    def written(self, run: Run) -> dict[str, int]:
        """Return the bytes of the files that the stage has left, by path in its folder.

        Those with which workers and records account for them are left out.
        """
        own = self.fingerprint(run) if self.is_file else ""
        apart = {self.record_path(run).name, INPUTS, WRITTEN}
        return {
            name: size
            for name, size in sizes_in(self.folder(run)).items()
            if name.startswith(own) and name.rpartition("/")[2] not in apart
        }

    def resources(self, run: Run) -> Resources:
        """Return what the stage may use: for networks, one worker for each GPU."""
        options = run.options
        resources = Resources(
            options.jobs,
            options.max_failures,
            stall_minutes=options.stall_minutes,
            slurm=run.slurm.get(self.slurm) if run.slurm else None,
        )
        if self.runs_networks(run) and resources.slurm is None:
            return network_resources(resources, run.device)
        return resources


def usable(run: Run, stages: Iterable[Stage]) -> list[Video]:
    """Return the videos that failed in none of some finished stages."""
    records = [stage.record(run) for stage in stages]
    failed = {id for record in records if record for id in record.failed}
    return [video for video in run.dataset.videos if video.id not in failed]


def count_existing(paths: list[Path]) -> int:
    """Return how many of the files exist; each folder is read once."""
    listed: dict[str, set[str]] = {}
    count = 0
    for path in paths:
        folder, name = os.path.split(path)  # ten times as fast as Path's parent
        if folder not in listed:
            is_there = os.path.isdir(folder)  # noqa: PTH112
            listed[folder] = set(os.listdir(folder)) if is_there else set()
        count += name in listed[folder]
    return count
