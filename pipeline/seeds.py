"""Random numbers per name, so that adding a video does not change the others."""

import hashlib

import numpy as np


def generator_of(seed: int, name: str) -> np.random.Generator:
    """Return a random generator that depends only on a seed and a name."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
