"""The cells of a table; each trains and scores one configuration with one seed."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.datasets import Video
from pipeline.evaluation import Scores
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.tables import Table
from pipeline.fanout import Item, Job, run_job
from pipeline.progress import ShareDone, counted, silent
from pipeline.run.config import Sections, changed
from pipeline.run.run import Run
from pipeline.run.work import run_up_to
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import FEATURES, extracted_videos
from pipeline.stages.refine import model_stage
from pipeline.storage import read_json, write_json

Results = dict[str, list[Scores]]  # by row label; one entry per seed


def run_cells(experiment: ExperimentRun, table: Table, seeds: range) -> Results:
    """Train and score every row with every seed, in parallel.

    Each cell is a run of its own in the same work folder, so an interrupted cell
    resumes and a finished one is reused. Cells that use the same model in different
    ways form one item, so that no two workers train that model.
    """
    run, folder = experiment.run, experiment.folder / "cells"
    shutil.rmtree(folder, ignore_errors=True)
    cells = {
        (row.label, seed): cell_of(run, row.changes, seed)
        for row in table.rows
        for seed in seeds
    }
    of_model: dict[str, list[tuple[str, int]]] = {}
    for key, cell in cells.items():
        model = model_stage(cell).fingerprint(cell)
        of_model.setdefault(model, []).append(key)
    items = [
        Item(
            id=name_of(keys),
            inputs=(str(FEATURES.record_path(run)),),
            output=str(folder / f"{model}.json"),
            weight=1.0,
            arguments={"cells": [cells[k].to_json(experiment.section) for k in keys]},
        )
        for model, keys in of_model.items()
    ]
    job = Job(
        stage="experiment",
        function="pipeline.experiments.cells:run_cells_of_model",
        parameters={},
        items=tuple(items),
        unit="training",
        tells_progress=False,
    )
    run_job(job, run.workdir, experiment.resources)
    results: Results = {}
    for (label, _), cell in cells.items():
        scores = Scores.from_json(read_json(EVALUATE.record_path(cell)))
        results.setdefault(label, []).append(scores)
    return results


def cell_of(run: Run, changes: Sections, seed: int) -> Run:
    """Return the run of a cell: some changes, and the seed of its training."""
    config = changed(changed(run.config, changes), {"train": {"seed": seed}})
    return replace(run, config=config)


def name_of(keys: Sequence[tuple[str, int]]) -> str:
    """Return the name of a training, made from the first of its cells.

    >>> name_of([("M = 1", 0)]), name_of([("min", 2), ("mean", 2), ("max", 2)])
    ('M = 1, seed 0', 'min, seed 2, and 2 more')
    """
    label, seed = keys[0]
    others = f", and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f"{label}, seed {seed}{others}"


def run_cells_of_model(
    inputs: Sequence[Path],
    output: Path,
    cells: Sequence[Mapping[str, Any]],
    progress: ShareDone = silent,
) -> None:
    """Run all stages from clicks to scores for the cells that share a training.

    The scores are in the records of the cells; the output only says that all are done.
    """
    for cell in counted(map(Run.from_json, cells), len(cells), progress):
        run_up_to(cell, EVALUATE)
    write_json(output, "done")


def train_rows(experiment: ExperimentRun, table: Table) -> dict[str, Run]:
    """Train and score each row with the first seed only; return each row's run."""
    seeds = experiment.seeds[:1]
    run_cells(experiment, table, seeds)
    return {r.label: cell_of(experiment.run, r.changes, seeds[0]) for r in table.rows}


def searched_with_features(run: Run) -> list[Video]:
    """Return the searched videos whose features are available."""
    return [v for v in extracted_videos(run) if v.subset == run.config.detect.subset]
