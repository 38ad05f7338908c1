"""Every knob of the drawing, so that its difficulty can be tuned in one place."""

from dataclasses import dataclass, fields
from typing import Annotated


@dataclass(frozen=True)
class SimulationConfig:
    """What simulated features are drawn from, and how hard they are.

    Strengths are in units of an action's discriminative phase. Those of which the
    help says "at difficulty 1" are in proportion to the difficulty.
    """

    difficulty: Annotated[
        float, "of simulated features, 0 to 1: how alike classes and background are"
    ] = 0.5
    max_videos: Annotated[
        int, "of a timeline's train and test videos, so many of each, drawn; 0: all"
    ] = 0
    seed: Annotated[int, "of all that is drawn of simulated features"] = 0

    # An action: preparation, discriminative phase, ending; only the second tells the
    # classes apart, as classes share the other two.
    discriminative_share: Annotated[
        float, "of an instance that is its discriminative phase, on average"
    ] = 0.4
    weak_strength: Annotated[
        float, "at which the other phases show the discriminative content"
    ] = 0.4
    strength_spread: Annotated[
        float, "of the instances' strengths (logarithm's deviation), at difficulty 1"
    ] = 0.75
    confusion: Annotated[
        float, "share of a class's content that other classes have, at difficulty 1"
    ] = 0.75

    # What surrounds an action without being one.
    context_seconds: Annotated[
        float, "mean length of the context before and after an instance"
    ] = 2.0
    context_strength: Annotated[
        float, "at which context resembles its action, at difficulty 1"
    ] = 0.75
    lookalikes_per_minute: Annotated[
        float, "stretches of background that resemble an action"
    ] = 2.0
    lookalike_strength: Annotated[
        float, "at which they do, at most, at difficulty 1"
    ] = 1.0
    event_seconds: Annotated[
        float, "mean length of the events that all classes' background is made of"
    ] = 6.0

    # The scene: the same during action and background, and nearly as good a clue to
    # the video's classes.
    scene_strength: Annotated[
        float, "of the scene in a shot that shows it well, at difficulty 1"
    ] = 1.2
    scene_correlation: Annotated[
        float, "share of the videos that are in the scene of their class"
    ] = 0.8
    shot_seconds: Annotated[
        float, "mean length of a shot, which shows more or less of the scene"
    ] = 8.0

    # Noise of the features themselves.
    noise: Annotated[
        float, "standard deviation of the noise of each feature, at difficulty 1"
    ] = 0.3
    flicker: Annotated[
        float, "of all that is seen (logarithm's deviation), at difficulty 1"
    ] = 0.9
    noise_seconds: Annotated[float, "in which noise falls to 1/e of itself"] = 1.5

    def __post_init__(self) -> None:
        for name in ("difficulty", "confusion", "scene_correlation"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {self}")
        if not 0 < self.discriminative_share < 1:
            raise ValueError(f"discriminative_share must lie in (0, 1), got {self}")
        for field in fields(self):
            least = 1e-3 if field.name.endswith("_seconds") else 0
            if getattr(self, field.name) < least:
                raise ValueError(f"{field.name} must be at least {least}, got {self}")
