"""The choice of the compiled loops for TV-L1 on this machine."""

import importlib
import logging
import time
from functools import cache
from typing import Any

import numpy as np

from extractors.flow.tvl1.level import Memory

logger = logging.getLogger("soda")


@cache
def load_kernels() -> Any:
    """Import the module of the kernels: `compiled`, or `jitted` if it was not built."""
    try:
        return importlib.import_module("extractors.flow.tvl1.compiled")
    except ImportError as error:
        return _load_jitted(error)


def _load_jitted(reason: ImportError) -> Any:
    """Load Numba's kernels, compiled now or taken from its cache on disk."""
    logger.warning(
        "TV-L1 runs on Numba, at less than half its speed (%s). For full speed, "
        "install a C compiler, then the project again. Compiling for this processor, "
        "once ...",
        reason,
    )
    began = time.monotonic()
    jitted = importlib.import_module("extractors.flow.tvl1.jitted")
    level = Memory(16, 16).level(np.zeros((16, 16), np.float32))
    jitted.iterate(level, bound=0.0, theta=0.0, step=0.0, still=0.0, most=1)
    logger.warning("compiled in %.0f s and kept on disk", time.monotonic() - began)
    return jitted
