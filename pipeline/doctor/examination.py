"""The list of all examinations, in the order in which they are printed."""

from collections.abc import Iterator
from pathlib import Path

from extractors.weights import default_cache
from pipeline.doctor import machine, software
from pipeline.doctor.finding import Finding


def examine(work: Path) -> Iterator[Finding]:
    """Examine the machine; `work` is the folder that outputs would be written to."""
    yield software.python()
    yield software.packages()
    yield software.opencv()
    yield software.kernels()
    yield from software.codecs()
    yield machine.device()
    yield machine.processors()
    yield machine.memory()
    yield machine.disk("work folder", work, "choose another with --workdir")
    yield machine.disk("cache", default_cache(), "choose another with SODA_CACHE")
    yield software.weights("rgb")
    yield software.weights("flow")
    yield software.slurm()
