"""The cells of a table: one configuration and one seed each, trained and scored."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.caching import ShareDone, silent
from pipeline.config import Sections, changed
from pipeline.experiments.tables import Table
from pipeline.fanout import Item, Job, run_job
from pipeline.run import Run
from pipeline.storage import read_json, write_json

Results = dict[str, list[dict[str, Any]]]  # of each row's label one a seed


def run_cells(run: Run, table: Table, seeds: range) -> Results:
    """Train and score every row with every seed, side by side.

    A cell that was interrupted goes on, and one that was done costs nothing: each has
    the stages of a run of its own, in the same work folder.
    """
    folder = run.folder("experiment") / "cells"
    shutil.rmtree(folder, ignore_errors=True)
    items = {
        (row.label, seed): Item(
            id=f"{row.label}, seed {seed}",
            inputs=(str(run.record_path("features")),),
            output=str(folder / f"{index}-{seed}.json"),
            weight=1.0,
            arguments={"changes": row.changes, "seed": seed},
        )
        for index, row in enumerate(table.rows)
        for seed in seeds
    }
    job = Job(
        stage="experiment",
        function="pipeline.experiments.cells:run_cell",
        parameters={"run": run.to_json()},
        items=tuple(items.values()),
        unit="trainings",
    )
    run_job(job, run.workdir, replace(run.network_resources, max_failures=0.0))
    return {
        row.label: [read_json(Path(items[row.label, seed].output)) for seed in seeds]
        for row in table.rows
    }


def seeds_of(run: Run) -> range:
    """The seeds of an experiment."""
    first = run.config.train.seed
    return range(first, first + run.config.experiment.seeds)


def run_cell(
    inputs: Sequence[Path],
    output: Path,
    run: Mapping[str, Any],
    changes: Sections,
    seed: int,
    progress: ShareDone = silent,
) -> None:
    """Do all stages from the clicks to the score with one configuration."""
    # Its stages import what calls this.
    from pipeline.stages import run_stage

    whole = Run.from_json(run)
    config = changed(changed(whole.config, changes), {"train": {"seed": seed}})
    cell = replace(whole, config=config)
    for stage in ("points", "train", "detect", "evaluate"):
        run_stage(cell, stage)
    write_json(output, read_json(cell.record_path("evaluate")))
