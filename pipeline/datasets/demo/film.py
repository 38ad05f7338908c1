"""The frames of a video, drawn from its script."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.camera import Camera, draw_camera
from pipeline.datasets.demo.config import DemoConfig
from pipeline.datasets.demo.figure import Part, Placement, draw_body, draw_figure
from pipeline.datasets.demo.motions import STRIDE_METRES, WALKING
from pipeline.datasets.demo.pose import TALL_METRES, Points, mirrored, points_of
from pipeline.datasets.demo.scene import HORIZON, Scene, paint_scene
from pipeline.datasets.demo.script import Script, play, video_rng

SUPERSAMPLING = 2  # figures are drawn larger by this factor, for smooth outlines


@dataclass(frozen=True)
class Actor:
    """A figure and its movement through the video."""

    parts: list[Part]
    points: Points
    x_pixels: np.ndarray  # (frames,)
    y_pixels: float
    pixels_per_metre: float

    def draw(self, canvas: np.ndarray, camera: Camera, frame: int) -> None:
        """Draw the figure of one frame into a supersampled image."""
        points = {name: xyz[frame] for name, xyz in self.points.items()}
        x_pixels = float(self.x_pixels[frame])
        placement = Placement(x_pixels, self.y_pixels, self.pixels_per_metre)
        seen = camera.seen(frame, placement, SUPERSAMPLING)
        draw_figure(canvas, points, self.parts, seen)


def film(config: DemoConfig, script: Script) -> Iterator[np.ndarray]:
    """Yield the frames of a video in order, uint8 (height, width, 3), blue first."""
    rng = video_rng(config, script.video_id, "film")
    scene = paint_scene(rng, config, script.place)
    camera = draw_camera(rng, config, script.num_frames)
    actors = [_performer(rng, config, script)]
    if rng.random() < config.distractor_probability:
        # Drawn first, since the passer-by walks behind the performer.
        actors.insert(0, _passer_by(rng, config, script.num_frames))
    staged = (_staged(scene, camera, actors, f) for f in range(script.num_frames))
    yield from _exposed(rng, config, staged)


def _staged(
    scene: Scene, camera: Camera, actors: list[Actor], frame: int
) -> np.ndarray:
    picture = scene.picture(camera, frame)
    canvas = cv2.resize(picture, None, fx=SUPERSAMPLING, fy=SUPERSAMPLING)
    for actor in actors:
        actor.draw(canvas, camera, frame)
    height, width = picture.shape[:2]
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)


def _performer(rng: np.random.Generator, config: DemoConfig, script: Script) -> Actor:
    poses, metres = play(config, script)
    scale = rng.uniform(*config.figure_height) * config.height / TALL_METRES
    # A larger figure is nearer, so its feet are lower in the frame.
    y_pixels = config.height * (0.52 + 0.55 * scale * TALL_METRES / config.height)
    x_pixels = config.width / 2 + metres * scale
    return Actor(draw_body(rng), points_of(poses), x_pixels, y_pixels, scale)


def _passer_by(rng: np.random.Generator, config: DemoConfig, num_frames: int) -> Actor:
    """Create a figure in the distance that crosses the frame once."""
    seconds = np.arange(num_frames) / config.fps
    speed = float(rng.uniform(0.9, 1.4))
    scale = 0.42 * config.height / TALL_METRES
    poses = WALKING.poses(speed * seconds / STRIDE_METRES)
    metres = speed * (seconds - rng.uniform(0.2, 0.8) * seconds[-1])
    if rng.random() < 0.5:
        poses, metres = mirrored(poses), -metres
    y_pixels = (HORIZON + 0.06) * config.height
    x_pixels = config.width / 2 + metres * scale
    return Actor(draw_body(rng), points_of(poses), x_pixels, y_pixels, scale)


def _exposed(
    rng: np.random.Generator, config: DemoConfig, pictures: Iterable[np.ndarray]
) -> Iterator[np.ndarray]:
    """Yield images as a sensor records them, with less contrast and with noise."""
    height, width = config.height, config.width
    # A random window of one large field of noise costs a tenth of new noise.
    field = rng.standard_normal((2 * height, 2 * width, 3), dtype=np.float32)
    field = (config.noise * field).round().astype(np.int16)
    grey = 128 * (1 - config.contrast)
    for picture in pictures:
        top, left = rng.integers(0, (height, width))
        noise = field[top : top + height, left : left + width]
        flat = cv2.convertScaleAbs(picture, alpha=config.contrast, beta=grey)
        yield cv2.add(flat, noise, dtype=cv2.CV_8U)
