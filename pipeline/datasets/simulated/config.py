"""All parameters of simulated features, so that they can be tuned in one place."""

from dataclasses import dataclass, fields
from typing import Annotated


@dataclass(frozen=True)
class SimulationConfig:
    """The content and the difficulty of simulated features.

    Strengths are relative to that of an action's discriminative phase. Parameters whose
    help says "at difficulty 1" are scaled by the difficulty.
    """

    difficulty: Annotated[
        float, "similarity of classes and background, from 0 (easy) to 1 (hard)"
    ] = 0.5
    max_videos: Annotated[
        int, "number of videos to draw from each subset of the timeline; 0: all"
    ] = 0
    seed: Annotated[int, "seed of simulated features"] = 0

    # An action has a preparation, a discriminative phase and an ending. Only the second
    # distinguishes the classes, which share the other two.
    discriminative_share: Annotated[
        float, "mean share of an instance that is its discriminative phase"
    ] = 0.4
    weak_strength: Annotated[
        float, "strength of the discriminative content in an instance's other phases"
    ] = 0.4
    strength_spread: Annotated[
        float, "log-normal deviation of the instances' strengths, at difficulty 1"
    ] = 0.75
    confusion: Annotated[
        float, "share of a class's content that other classes have too, at difficulty 1"
    ] = 0.75

    # The surroundings of an action.
    context_seconds: Annotated[
        float, "mean length of the context before and after an instance"
    ] = 2.0
    context_strength: Annotated[
        float, "strength of the action in its context, at difficulty 1"
    ] = 0.75
    lookalikes_per_minute: Annotated[
        float, "look-alikes per minute: background that resembles an action"
    ] = 2.0
    lookalike_strength: Annotated[
        float, "largest strength of the action in a look-alike, at difficulty 1"
    ] = 1.0
    event_seconds: Annotated[
        float, "mean length of background events, which all classes share"
    ] = 6.0

    # The scene: the same during action and background, but almost as good a clue to the
    # video's classes.
    scene_strength: Annotated[
        float, "strength of the scene in a shot that shows it fully, at difficulty 1"
    ] = 1.2
    scene_correlation: Annotated[
        float, "share of videos in the scene typical of their class"
    ] = 0.8
    shot_seconds: Annotated[
        float, "mean length of a shot; shots show more or less of the scene"
    ] = 8.0

    # Noise of the features themselves.
    noise: Annotated[
        float, "standard deviation of the noise of each feature, at difficulty 1"
    ] = 0.3
    flicker: Annotated[
        float, "log-normal deviation of the flicker of contents, at difficulty 1"
    ] = 0.9
    noise_seconds: Annotated[
        float, "time in which the noise's correlation falls to 1/e"
    ] = 1.5

    def __post_init__(self) -> None:
        for name in ("difficulty", "confusion", "scene_correlation"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {self}")
        if not 0 < self.discriminative_share < 1:
            raise ValueError(f"discriminative_share must be in (0, 1), got {self}")
        for field in fields(self):
            least = 1e-3 if field.name.endswith("_seconds") else 0
            if getattr(self, field.name) < least:
                raise ValueError(f"{field.name} must be at least {least}, got {self}")
