"""All that is looked at, in the order in which a person reads it."""

from collections.abc import Iterator
from pathlib import Path

from extractors.weights import default_cache
from pipeline.doctor.finding import Finding
from pipeline.doctor.machine import device, disk, memory, processors
from pipeline.doctor.software import codecs, kernels, opencv, packages, python, slurm
from pipeline.doctor.weights import flow_weights, rgb_weights


def examine(work: Path) -> Iterator[Finding]:
    """Look at everything; `work` is the folder in which outputs would go."""
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
