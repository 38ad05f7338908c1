"""Runs as the commands make them, from keyword arguments."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.datasets import Dataset
from pipeline.fanout.local import LocalExecutor
from pipeline.fanout.worker import run_slice
from pipeline.run.config import Config
from pipeline.run.options import make_options
from pipeline.run.run import Run


def make_run(
    dataset: Path | str, config: Config, workdir: Path | str, **options: Any
) -> Run:
    """Return a run of a dataset, with one job unless the options say otherwise.

    A dataset whose file does not exist has no videos, and nobody has clicked in it.
    """
    given = {"jobs": 1, **options}
    return of_videos(
        Run(make_options(dataset=dataset, workdir=workdir, **given), config)
    )


def with_options(run: Run, **options: Any) -> Run:
    """Return the same run with other options."""
    return of_videos(replace(run, options=replace(run.options, **options)))


def of_videos(run: Run) -> Run:
    """Give a run a dataset without videos, unless its file exists."""
    path = Path(run.options.dataset)
    if not (path.exists() or run.options.timeline):
        vars(run)["dataset"] = Dataset(path.stem, path, path.parent, ("a",), ())
    return run


def run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process do the work of local workers, which take seconds to start."""

    def run(self: LocalExecutor, folder: Path, slices: int, *_: Any) -> dict[int, str]:
        for k in range(slices):
            run_slice(folder, k)
        return {}

    monkeypatch.setattr(LocalExecutor, "run", run)
