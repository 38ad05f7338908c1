"""What happens in a simulated video, and when: stretches of content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.datasets.dataset import Instance
from pipeline.datasets.simulated.config import SimulationConfig
from pipeline.datasets.simulated.vocabulary import EVENTS, MOTIONS, PHASES, PLACES
from pipeline.intervals import Interval, complement, intersection
from pipeline.seeds import generator_of

LOOKALIKE_SECONDS = (1.0, 4.0)
VIEWS = (0.2, 1.0)  # how much of the scene a shot shows


@dataclass(frozen=True)
class Stretch:
    """Something that is seen during [start, end)."""

    start_seconds: float
    end_seconds: float
    content: str  # a name of the vocabulary
    strength: float


def write_script(
    video_id: str,
    instances: Sequence[Instance],
    duration_seconds: float,
    config: SimulationConfig,
) -> list[Stretch]:
    """Draw what is seen in a video; from the seed, its id and its instances alone."""
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
) -> Iterator[Stretch]:
    """An instance's three phases, and its context where nothing else is annotated."""
    strength = rng.lognormal(0, config.difficulty * config.strength_spread)
    yield from _phases(rng, instance, strength, config)
    start, end = instance.start_seconds, instance.end_seconds
    before, after = rng.exponential(config.context_seconds, 2)
    resemblance = strength * config.difficulty * config.context_strength
    for span in intersection([(start - before, start), (end, end + after)], gaps):
        yield Stretch(*span, f"core:{instance.label}", resemblance)


def _phases(
    rng: np.random.Generator,
    instance: Instance,
    strength: float,
    config: SimulationConfig,
) -> Iterator[Stretch]:
    """The discriminative phase somewhere within, and those that others share."""
    start, end = instance.start_seconds, instance.end_seconds
    # The share varies by half of itself.
    share = config.discriminative_share * rng.uniform(0.5, 1.5)
    first = start + (end - start) * (1 - share) * rng.beta(3, 3)
    second = first + (end - start) * share
    core = f"core:{instance.label}"
    shared = generator_of(config.seed, f"phases of {instance.label}")
    for span in ((start, first), (second, end)):
        yield Stretch(*span, f"phase:{shared.integers(PHASES)}", strength)
        yield Stretch(*span, core, strength * config.weak_strength)
    yield Stretch(first, second, core, strength)


def _events(
    rng: np.random.Generator, gaps: list[Interval], config: SimulationConfig
) -> Iterator[Stretch]:
    """Background events, one after the other wherever nothing is annotated."""
    for gap in gaps:
        for span in _cuts(rng, gap, config.event_seconds):
            yield Stretch(*span, f"event:{rng.integers(EVENTS)}", rng.lognormal(0, 0.4))


def _lookalikes(
    rng: np.random.Generator,
    labels: Sequence[str],
    gaps: list[Interval],
    config: SimulationConfig,
) -> Iterator[Stretch]:
    """Background that looks like an action of the video, or like others' motion."""
    for start, end in gaps if labels else ():
        rate = (end - start) / 60 * config.lookalikes_per_minute
        for _ in range(rng.poisson(rate)):
            begin = rng.uniform(start, end)
            stop = min(begin + rng.uniform(*LOOKALIKE_SECONDS), end)
            strength = config.difficulty * config.lookalike_strength * rng.random()
            motion = f"motion:{rng.integers(MOTIONS)}"
            content = rng.choice([motion, *(f"core:{label}" for label in labels)])
            yield Stretch(begin, stop, str(content), strength)


def _scene(
    rng: np.random.Generator,
    labels: Sequence[str],
    duration_seconds: float,
    config: SimulationConfig,
) -> Iterator[Stretch]:
    """The place, seen more or less from shot to shot: its class's, or any."""
    typical = labels and rng.random() < config.scene_correlation
    place = rng.choice(labels) if typical else rng.integers(PLACES)
    for span in _cuts(rng, (0.0, duration_seconds), config.shot_seconds):
        strength = config.difficulty * config.scene_strength * rng.uniform(*VIEWS)
        yield Stretch(*span, f"place:{place}", strength)


def _cuts(
    rng: np.random.Generator, span: Interval, mean_seconds: float
) -> Iterator[Interval]:
    """A span in pieces of random length."""
    start, end = span
    while start < end:
        stop = min(start + rng.exponential(mean_seconds), end)
        yield start, stop
        start = stop
