"""Runs as the commands make them, from keyword arguments."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.fanout.local import LocalExecutor
from pipeline.fanout.worker import run_slice
from pipeline.run.config import Config
from pipeline.run.options import make_options
from pipeline.run.run import Run


def make_run(
    dataset: Path | str, config: Config, workdir: Path | str, **options: Any
) -> Run:
    """Return a run of a dataset, with one job unless the options say otherwise."""
    given = {"jobs": 1, **options}
    return Run(make_options(dataset=dataset, workdir=workdir, **given), config)


def with_options(run: Run, **options: Any) -> Run:
    """Return the same run with other options."""
    return replace(run, options=replace(run.options, **options))


def run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process do the work of local workers, which take seconds to start."""

    def run(self: LocalExecutor, folder: Path, slices: int, *_: Any) -> dict[int, str]:
        for k in range(slices):
            run_slice(folder, k)
        return {}

    monkeypatch.setattr(LocalExecutor, "run", run)
