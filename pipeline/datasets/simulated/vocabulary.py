"""What can be seen in simulated videos, as directions in feature space."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

from pipeline.seeds import generator_of

WIDTHS = {"rgb": 1024, "flow": 1024}
# How much of each kind of content a stream shows: places stand still, actions move.
GAINS = {
    "floor": (1.0, 1.0),
    "place": (1.0, 0.3),
    "event": (0.8, 0.6),
    "phase": (0.6, 0.8),
    "motion": (0.6, 0.8),
    "core": (0.6, 0.8),
}
# Of a pool that all classes draw from, so many are a class's own.
PLACES, EVENTS, PHASES, MOTIONS = 30, 12, 8, 16
MOTIONS_OF_CLASS = 3
# Length of a content's vector in each stream; the floor's is about 10, so that
# features have the size of I3D's.
CONTENT_NORM, FLOOR_NORM = 4.0, 8.0
# A content moves few features, and some of them much, as in networks that end in ReLU.
ACTIVE_SHARE = 0.08
TAIL = 1.0  # standard deviation of the logarithm


@lru_cache(maxsize=512)
def direction(seed: int, name: str) -> Float[np.ndarray, "features"]:
    """A content's features at strength 1, drawn from its name; not negative.

    Args:
        seed: Of the dataset.
        name: `KIND:ANYTHING`, a kind of `GAINS`.
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
    """The features that tell a class: its own, and motions that others have too.

    Args:
        seed: Of the dataset.
        label: The class.
        confusion: Share, 0 to 1, of what others have too.
    """
    rng = generator_of(seed, f"motions of {label}")
    motions = rng.choice(MOTIONS, MOTIONS_OF_CLASS, replace=False)
    shared = sum(direction(seed, f"motion:{motion}") for motion in motions)
    own = direction(seed, f"core:{label}")
    scale = np.linalg.norm(own) / np.linalg.norm(shared)
    mixed: np.ndarray = np.sqrt(1 - confusion) * own
    return mixed + np.sqrt(confusion) * scale * shared
