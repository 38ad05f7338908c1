"""Noise with memory: each value is correlated with the previous one."""

import numpy as np
from jaxtyping import Float


def correlated_noise(
    rng: np.random.Generator, steps: int, channels: int, memory_steps: float
) -> Float[np.ndarray, "steps channels"]:
    """Draw Gaussian noise of unit deviation, autoregressive of order 1.

    Args:
        rng: The source of the noise.
        steps: The length of the noise.
        channels: The number of independent sequences.
        memory_steps: The number of steps in which the correlation falls to 1/e.
    """
    kept = np.exp(-1 / memory_steps)
    noise = rng.standard_normal((steps, channels), dtype=np.float32)
    noise[1:] *= np.sqrt(1 - kept**2)
    for step in range(1, steps):
        noise[step] += kept * noise[step - 1]
    return noise
