"""The list of all examinations, in the order in which they are printed."""

from collections.abc import Iterator
from pathlib import Path

from extractors.weights import default_cache
from pipeline.doctor.finding import Finding
from pipeline.doctor.machine import device, disk, memory, processors
from pipeline.doctor.software import codecs, kernels, opencv, packages, python, slurm
from pipeline.doctor.weights import flow_weights, rgb_weights


def examine(work: Path) -> Iterator[Finding]:
    """Examine the machine; `work` is the folder that outputs would be written to."""
    yield python()
    yield packages()
    yield opencv()
    yield kernels()
    yield from codecs()
    yield device()
    yield processors()
    yield memory()
    yield disk("work folder", work, "choose another with --workdir")
    yield disk("cache", default_cache(), "choose another with SODA_CACHE")
    yield rgb_weights()
    yield flow_weights()
    yield slurm()
