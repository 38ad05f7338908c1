"""Rows of a comparison, each trained once, and the sequences of their videos."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from pipeline.datasets import BACKGROUND, Video
from pipeline.detection.activations import read_response
from pipeline.experiments.cells import run_cells
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.tables import Table
from pipeline.grid import SnippetGrid
from pipeline.run.config import changed
from pipeline.run.run import Run
from pipeline.stages.detect import cas_file
from pipeline.stages.features import extracted_videos


def train_rows(experiment: ExperimentRun, table: Table) -> dict[str, Run]:
    """Train and score each row with the first seed only.

    Returns:
        The run of each row, by the row's label. Its folders hold the results.
    """
    run = experiment.run
    run_cells(experiment, table, experiment.seeds[:1])
    return {
        row.label: replace(run, config=changed(run.config, row.changes))
        for row in table.rows
    }


@dataclass(frozen=True)
class VideoResponses:
    """The responses of a row's master to one video."""

    video: Video
    grid: SnippetGrid
    categories: tuple[str, ...]  # background and the classes
    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    cell_seconds: Float[np.ndarray, "cells"]  # centres of the cells


def read_responses(row: Run) -> Iterator[VideoResponses]:
    """Yield the responses of each searched video whose features are available."""
    for video in extracted_videos(row):
        if video.subset == row.config.detect.subset:
            said = read_response(cas_file(row, video.id))
            yield VideoResponses(
                video,
                said.grid,
                (BACKGROUND, *said.classes),
                said.prediction.cas,
                said.cell_seconds,
            )
