"""The seamless motion of a figure, blended from the stretches of a script."""

import numpy as np

from pipeline.datasets.demo.camera import smooth_noise
from pipeline.datasets.demo.config import DemoConfig
from pipeline.datasets.demo.pose import CHANNELS, INDEX
from pipeline.datasets.demo.script import Script, video_rng


def play(config: DemoConfig, script: Script) -> tuple[np.ndarray, np.ndarray]:
    """Compute the figure's motion through the whole video, without any jump.

    Returns:
        Poses (frames, channels) and metres to the right of the middle (frames,).
    """
    rng = video_rng(config, script.video_id, "play")
    poses = config.sway_degrees * smooth_noise(
        rng, script.num_frames, len(CHANNELS), deviation_frames=8
    )
    poses[:, INDEX["lift"]] = 0
    speed = np.zeros(script.num_frames)
    shares = _shares(config, script)
    for stretch, share in zip(script.stretches, shares, strict=True):
        poses += share[:, None] * stretch.poses(script.num_frames, config.fps)
        speed += share * stretch.speed
    metres = script.start_metres + np.cumsum(speed) / config.fps
    return poses, metres


def _shares(config: DemoConfig, script: Script) -> np.ndarray:
    """Return the share of every stretch in every frame, (stretches, frames).

    Shares sum to 1 in every frame. A boundary of the ground truth is the middle of a
    cross-fade, where the share of the new motion exceeds that of the old one.
    """
    starts = np.array([stretch.start_frame for stretch in script.stretches[1:]])
    frames = np.arange(script.num_frames) + 0.5  # a frame's middle
    fade = config.transition_seconds * config.fps
    entered = ((frames - starts[:, None]) / fade + 0.5).clip(0, 1)
    entered = entered**2 * (3 - 2 * entered)
    edge = np.ones((1, script.num_frames))
    return -np.diff(np.concatenate([edge, entered, 0 * edge]), axis=0)
