"""Randomness that belongs to a name, so that one video more changes no other."""

import hashlib

import numpy as np


def generator_of(seed: int, name: str) -> np.random.Generator:
    """A source of random numbers that depends on a seed and a name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
