"""All parameters of the demo, so that its difficulty can be tuned in one place."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class DemoConfig:
    """The appearance and the difficulty of the demo's videos.

    Each range is sampled uniformly, once per stretch or video.
    """

    # Size of the dataset
    train_videos: int = 10
    test_videos: int = 5
    seed: int = 0

    # Frames
    width: int = 320  # pixels; even, as H.264 halves the colour planes
    height: int = 240
    fps: int = 25

    # Timeline of a video: background, action, background, ... , background
    instances: tuple[int, int] = (2, 3)  # actions per video, both ends included
    action_seconds: Range = (1.5, 3.5)
    background_seconds: Range = (1.0, 3.0)
    transition_seconds: float = 0.4  # cross-fade of two motions, around the boundary

    # Variation of the figure, to which a classifier of actions must be invariant
    figure_height: Range = (0.6, 0.8)  # share of the frame's height
    turn_degrees: float = 35.0  # largest turn away from the camera, to either side
    amplitude: Range = (0.8, 1.1)  # 1 is the motion as defined in motions.py
    tempo: Range = (0.8, 1.25)
    sway_degrees: float = 2.0  # nobody stands perfectly still

    # Misleading context: it correlates with the action but is not the action
    scene_correlation: float = 0.9  # share of videos in the scene of their class
    lookalike_share: float = 0.4  # share of background that imitates the action weakly
    lookalike_amplitude: Range = (0.25, 0.45)
    distractor_probability: float = 0.4  # share of videos with a passer-by

    # Camera
    shake_pixels: float = 1.5
    pan_pixels: float = 12.0
    zoom: float = 0.03
    contrast: float = 0.9
    noise: float = 4.0  # standard deviation in grey levels
