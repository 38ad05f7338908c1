"""The script of a simulated video: stretches of content over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.datasets.dataset import Instance
from pipeline.datasets.simulated.config import SimulationConfig
from pipeline.datasets.simulated.vocabulary import EVENTS, MOTIONS, PHASES, PLACES
from pipeline.intervals import Interval, complement, intersection
from pipeline.seeds import generator_of

LOOKALIKE_SECONDS = (1.0, 4.0)
VIEWS = (0.2, 1.0)  # share of the scene that a shot shows


@dataclass(frozen=True)
class ContentSpan:
    """Content that is visible during [start, end)."""

    start_seconds: float
    end_seconds: float
    content: str  # a name in the vocabulary
    strength: float


def write_script(
    video_id: str,
    instances: Sequence[Instance],
    duration_seconds: float,
    config: SimulationConfig,
) -> list[ContentSpan]:
    """Draw a video's content, which depends only on the seed, its id and instances."""
    rng = generator_of(config.seed, f"script of {video_id}")
    spans = [(i.start_seconds, i.end_seconds) for i in instances]
    gaps = complement(spans, (0.0, duration_seconds))
    labels = sorted({instance.label for instance in instances})
    return [
        *_scene(rng, labels, duration_seconds, config),
        *_events(rng, gaps, config),
        *_lookalikes(rng, labels, gaps, config),
        *(s for i in instances for s in _instance(rng, i, gaps, config)),
    ]


def _instance(
    rng: np.random.Generator,
    instance: Instance,
    gaps: list[Interval],
    config: SimulationConfig,
) -> Iterator[ContentSpan]:
    """Yield an instance's three phases, and its context in the gaps around it.

    The phase in the middle is discriminative; the classes share the other two.
    """
    start, end = instance.start_seconds, instance.end_seconds
    strength = rng.lognormal(0, config.difficulty * config.strength_spread)
    # The share varies by up to half of its mean.
    share = config.discriminative_share * rng.uniform(0.5, 1.5)
    first = start + (end - start) * (1 - share) * rng.beta(3, 3)
    second = first + (end - start) * share
    core = f"core:{instance.label}"
    shared = generator_of(config.seed, f"phases of {instance.label}")
    for span in ((start, first), (second, end)):
        yield ContentSpan(*span, f"phase:{shared.integers(PHASES)}", strength)
        yield ContentSpan(*span, core, strength * config.weak_strength)
    yield ContentSpan(first, second, core, strength)
    before, after = rng.exponential(config.context_seconds, 2)
    resemblance = strength * config.difficulty * config.context_strength
    for span in intersection([(start - before, start), (end, end + after)], gaps):
        yield ContentSpan(*span, core, resemblance)


def _events(
    rng: np.random.Generator, gaps: list[Interval], config: SimulationConfig
) -> Iterator[ContentSpan]:
    """Yield background events, one after the other in all gaps."""
    for gap in gaps:
        for span in _cuts(rng, gap, config.event_seconds):
            event = f"event:{rng.integers(EVENTS)}"
            yield ContentSpan(*span, event, rng.lognormal(0, 0.4))


def _lookalikes(
    rng: np.random.Generator,
    labels: Sequence[str],
    gaps: list[Interval],
    config: SimulationConfig,
) -> Iterator[ContentSpan]:
    """Yield background that resembles an action of the video, or any motion."""
    for start, end in gaps if labels else ():
        rate = (end - start) / 60 * config.lookalikes_per_minute
        for _ in range(rng.poisson(rate)):
            begin = rng.uniform(start, end)
            stop = min(begin + rng.uniform(*LOOKALIKE_SECONDS), end)
            strength = config.difficulty * config.lookalike_strength * rng.random()
            motion = f"motion:{rng.integers(MOTIONS)}"
            content = rng.choice([motion, *(f"core:{label}" for label in labels)])
            yield ContentSpan(begin, stop, str(content), strength)


def _scene(
    rng: np.random.Generator,
    labels: Sequence[str],
    duration_seconds: float,
    config: SimulationConfig,
) -> Iterator[ContentSpan]:
    """Yield shots that show more or less of one place, typical of a class or random."""
    typical = labels and rng.random() < config.scene_correlation
    place = rng.choice(labels) if typical else rng.integers(PLACES)
    for span in _cuts(rng, (0.0, duration_seconds), config.shot_seconds):
        strength = config.difficulty * config.scene_strength * rng.uniform(*VIEWS)
        yield ContentSpan(*span, f"place:{place}", strength)


def _cuts(
    rng: np.random.Generator, span: Interval, mean_seconds: float
) -> Iterator[Interval]:
    """Cut a span into pieces of random length."""
    start, end = span
    while start < end:
        stop = min(start + rng.exponential(mean_seconds), end)
        yield start, stop
        start = stop
