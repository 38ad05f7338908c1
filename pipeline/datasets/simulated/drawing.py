"""The drawing of features like those of I3D: non-negative, heavy-tailed, noisy."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from pipeline.datasets.simulated.config import SimulationConfig
from pipeline.datasets.simulated.script import ContentSpan
from pipeline.datasets.simulated.vocabulary import direction, discriminative
from pipeline.grid import SnippetGrid
from pipeline.seeds import generator_of

STYLE_SPREAD = 0.3  # log-normal deviation between videos, for camera and light
LEAST_DEVIATION = 0.2  # noise of a feature at 0, relative to a feature at 1
THRESHOLD = 0.1  # values below it become 0, as in the network's ReLU


def draw(
    video_id: str,
    script: Sequence[ContentSpan],
    grid: SnippetGrid,
    config: SimulationConfig,
) -> Float[np.ndarray, "snippets features"]:
    """Draw the features of a video's snippets, float32.

    All random values depend only on the seed and the video's id.
    """
    rng = generator_of(config.seed, f"features of {video_id}")
    contents = sorted({stretch.content for stretch in script})
    seen = presence(script, contents, grid)
    stride_seconds = grid.position_to_seconds(1) - grid.position_to_seconds(0)
    memory = config.noise_seconds / stride_seconds
    flicker = config.difficulty * config.flicker
    seen *= np.exp(flicker * correlated_noise(rng, len(seen), len(contents), memory))
    floor = direction(config.seed, "floor:")
    clean = floor + seen @ np.stack([_features(name, config) for name in contents])
    clean *= rng.lognormal(0, STYLE_SPREAD, floor.shape)
    deviation = config.difficulty * config.noise * (clean + LEAST_DEVIATION)
    noisy = clean + deviation * correlated_noise(rng, len(clean), len(floor), memory)
    return np.maximum(noisy - THRESHOLD, 0).astype(np.float32)


def presence(
    script: Sequence[ContentSpan], contents: Sequence[str], grid: SnippetGrid
) -> Float[np.ndarray, "snippets contents"]:
    """Return each content's strength times its share of time in every snippet."""
    intervals = [grid.snippet_interval(i) for i in range(grid.num_snippets)]
    starts, ends = np.array(intervals).T
    shown = np.zeros((grid.num_snippets, len(contents)))
    for stretch in script:
        first = starts.clip(min=stretch.start_seconds)
        last = ends.clip(max=stretch.end_seconds)
        share = (last - first).clip(min=0) / (ends - starts)
        shown[:, contents.index(stretch.content)] += stretch.strength * share
    return shown


def correlated_noise(
    rng: np.random.Generator, steps: int, channels: int, memory_steps: float
) -> Float[np.ndarray, "steps channels"]:
    """Draw Gaussian noise of unit deviation, autoregressive of order 1.

    Its correlation falls to 1/e in `memory_steps`.
    """
    kept = np.exp(-1 / memory_steps)
    noise = rng.standard_normal((steps, channels), dtype=np.float32)
    noise[1:] *= np.sqrt(1 - kept**2)
    for step in range(1, steps):
        noise[step] += kept * noise[step - 1]
    return noise


def _features(content: str, config: SimulationConfig) -> Float[np.ndarray, "features"]:
    """Return the features of a content at strength 1."""
    kind, _, label = content.partition(":")
    if kind == "core":
        return discriminative(config.seed, label, config.difficulty * config.confusion)
    return direction(config.seed, content)
