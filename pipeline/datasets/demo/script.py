"""The script of a video: its place, and the motions of its figure over time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.datasets.dataset import SUBSETS, Subset
from pipeline.datasets.demo.camera import smooth_noise
from pipeline.datasets.demo.config import DemoConfig, Range
from pipeline.datasets.demo.motions import (
    ACTIONS,
    PASTIMES,
    STRIDE_METRES,
    WALKING,
    Motion,
)
from pipeline.datasets.demo.places import PLACES
from pipeline.datasets.demo.pose import CHANNELS, INDEX, mirrored

CLASSES = tuple(ACTIONS)
STAGE_METRES = 0.7  # to either side of the middle, so that a centre crop has all


@dataclass(frozen=True)
class Stretch:
    """Frames [start, stop) of one motion; `label` is None for background."""

    label: str | None
    motion: Motion
    start_frame: int
    stop_frame: int
    amplitude: float
    tempo: float
    phase: float  # in cycles
    turn_degrees: float
    mirror: bool
    speed: float = 0.0  # metres per second to the right

    def poses(self, num_frames: int, fps: int) -> np.ndarray:
        """Return poses (num_frames, channels), as if it lasted the whole video."""
        seconds = (np.arange(num_frames) - self.start_frame) / fps
        cycles = self.phase + self.tempo * seconds / self.motion.cycle_seconds
        poses = self.motion.poses(cycles, self.amplitude)
        poses = mirrored(poses) if self.mirror else poses
        poses[:, INDEX["turn"]] += self.turn_degrees
        return poses

    def metres(self, fps: int) -> float:
        """Return the distance that the figure moves to the right."""
        return self.speed * (self.stop_frame - self.start_frame) / fps


@dataclass(frozen=True)
class Script:
    """The content of a video, everything but its pixels."""

    video_id: str
    subset: Subset
    place: str
    start_metres: float  # to the right of the middle
    stretches: tuple[Stretch, ...]

    @property
    def num_frames(self) -> int:
        """The length of the video in frames."""
        return self.stretches[-1].stop_frame

    @property
    def actions(self) -> tuple[Stretch, ...]:
        """The stretches that are instances of a class."""
        return tuple(stretch for stretch in self.stretches if stretch.label)


def video_rng(config: DemoConfig, video_id: str, purpose: str) -> np.random.Generator:
    """Create a random generator that depends only on its arguments."""
    key = f"{config.seed}/{video_id}/{purpose}".encode()
    return np.random.default_rng(list(key))


def write_scripts(config: DemoConfig) -> list[Script]:
    """Write the scripts of all videos, training videos first."""
    counts = (config.train_videos, config.test_videos)
    return [
        _write_script(config, subset, index)
        for subset, count in zip(SUBSETS, counts, strict=True)
        for index in range(count)
    ]


def _write_script(config: DemoConfig, subset: Subset, index: int) -> Script:
    video_id = f"demo_{subset}_{index:02d}"
    rng = video_rng(config, video_id, "script")
    main = index % len(CLASSES)
    labels = [CLASSES[main]] * int(rng.integers(*config.instances, endpoint=True))
    if index % 5 == 4:  # every fifth video has a second class
        labels[-1] = CLASSES[(main + 2) % len(CLASSES)]
    place = tuple(PLACES)[main]
    if rng.random() >= config.scene_correlation:
        place = str(rng.choice(list(PLACES)))
    start_metres = float(rng.uniform(-0.4, 0.4))
    stretches = tuple(_stretches(rng, config, labels, start_metres))
    return Script(video_id, subset, place, start_metres, stretches)


def _stretches(
    rng: np.random.Generator, config: DemoConfig, labels: list[str], x_metres: float
) -> Iterator[Stretch]:
    """Yield background and actions in turn, background first and last."""
    frame = 0
    for label in labels:
        background = _background(rng, config, frame, x_metres, label)
        x_metres += background.metres(config.fps)
        action = _action(rng, config, background.stop_frame, label)
        frame = action.stop_frame
        yield background
        yield action
    yield _background(rng, config, frame, x_metres, labels[-1])


def _action(
    rng: np.random.Generator, config: DemoConfig, start_frame: int, label: str
) -> Stretch:
    return Stretch(
        label=label,
        motion=ACTIONS[label],
        start_frame=start_frame,
        stop_frame=start_frame + _frames(rng, config, config.action_seconds),
        amplitude=rng.uniform(*config.amplitude),
        tempo=rng.uniform(*config.tempo),
        phase=rng.random(),
        turn_degrees=rng.uniform(-config.turn_degrees, config.turn_degrees),
        mirror=bool(rng.random() < 0.5),
    )


def _background(
    rng: np.random.Generator,
    config: DemoConfig,
    start_frame: int,
    x_metres: float,
    label: str,
) -> Stretch:
    """Draw a background stretch before or after an action of the class `label`."""
    stop_frame = start_frame + _frames(rng, config, config.background_seconds)
    stretch = replace(
        _action(rng, config, start_frame, label), label=None, stop_frame=stop_frame
    )
    if rng.random() < config.lookalike_share:
        amplitude = rng.uniform(*config.lookalike_amplitude)
        return replace(stretch, amplitude=amplitude)
    pastime = int(rng.integers(len(PASTIMES) + 1))
    if pastime == len(PASTIMES):
        return _walk(rng, config, stretch, x_metres)
    return replace(stretch, motion=tuple(PASTIMES.values())[pastime])


def _walk(
    rng: np.random.Generator, config: DemoConfig, stretch: Stretch, x_metres: float
) -> Stretch:
    """Turn a stretch into a walk, towards the side with more room."""
    seconds = (stretch.stop_frame - stretch.start_frame) / config.fps
    room = STAGE_METRES + abs(x_metres)
    speed = min(rng.uniform(0.5, 0.9), room / seconds)
    leftward = x_metres > 0
    return replace(
        stretch,
        motion=WALKING,
        tempo=speed * WALKING.cycle_seconds / STRIDE_METRES,
        mirror=leftward,
        speed=-speed if leftward else speed,
    )


def _frames(rng: np.random.Generator, config: DemoConfig, seconds: Range) -> int:
    return max(1, round(rng.uniform(*seconds) * config.fps))


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
