"""The contents of simulated videos, as directions in feature space."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from pipeline.seeds import generator_of

WIDTHS = {"rgb": 1024, "flow": 1024}
# Gain of each kind of content in each stream: places are static, actions move.
GAINS = {
    "floor": (1.0, 1.0),
    "place": (1.0, 0.3),
    "event": (0.8, 0.6),
    "phase": (0.6, 0.8),
    "motion": (0.6, 0.8),
    "core": (0.6, 0.8),
}
# Sizes of the pools that all classes draw from, and the motions drawn per class.
PLACES, EVENTS, PHASES, MOTIONS = 30, 12, 8, 16
MOTIONS_OF_CLASS = 3
# Norm of a content's vector in each stream. The floor's gives features the magnitude
# of I3D's.
CONTENT_NORM, FLOOR_NORM = 4.0, 8.0
# A content raises few features, some of them strongly, as in networks that end in ReLU.
ACTIVE_SHARE = 0.08
TAIL = 1.0  # standard deviation of the logarithm


@lru_cache(maxsize=512)
def direction(seed: int, name: str) -> Float[np.ndarray, "features"]:
    """Draw a content's non-negative features at strength 1, which depend on its name.

    The name is `KIND:ANYTHING`, with a kind of `GAINS`.
    """
    rng = generator_of(seed, name)
    kind = name.split(":")[0]
    share, norm = (1.0, FLOOR_NORM) if kind == "floor" else (ACTIVE_SHARE, CONTENT_NORM)
    halves = []
    for width, gain in zip(WIDTHS.values(), GAINS[kind], strict=True):
        values = rng.lognormal(0, TAIL, width) * (rng.random(width) < share)
        halves.append(gain * norm * values / np.linalg.norm(values))
    return np.concatenate(halves)


def discriminative(
    seed: int, label: str, confusion: float
) -> Float[np.ndarray, "features"]:
    """Return the features of a class: its own, mixed with motions of other classes.

    `confusion` is the share of the motions that other classes have too, 0 to 1.
    """
    rng = generator_of(seed, f"motions of {label}")
    motions = rng.choice(MOTIONS, MOTIONS_OF_CLASS, replace=False)
    shared = sum(direction(seed, f"motion:{motion}") for motion in motions)
    own = direction(seed, f"core:{label}")
    scale = np.linalg.norm(own) / np.linalg.norm(shared)
    return np.sqrt(1 - confusion) * own + np.sqrt(confusion) * scale * shared
