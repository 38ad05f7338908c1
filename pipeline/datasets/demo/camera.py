"""A hand-held camera, which pans and zooms slowly and shakes."""

from dataclasses import dataclass

import numpy as np

from pipeline.datasets.demo.config import DemoConfig
from pipeline.datasets.demo.figure import Placement


@dataclass(frozen=True)
class Camera:
    """The direction and zoom of the camera in every frame.

    A point at x in the place appears at (x - shift) * zoom in the frame.
    """

    shift_pixels: np.ndarray  # (frames, 2), right and down
    zoom: np.ndarray  # (frames,), 1 means no zoom

    def window(self, frame: int, parallax: float) -> np.ndarray:
        """Return the affine map (2, 3) from pixels of a frame to those of the place.

        The parallax is 1 for things as near as the figures, 0 for infinitely far ones.
        """
        scale = 1 / float(self.zoom[frame])
        right, down = self.shift_pixels[frame]
        return np.array([[scale, 0, parallax * right], [0, scale, down]])

    def seen(self, frame: int, placement: Placement, enlargement: int) -> Placement:
        """Convert a figure's placement in the place to that in an enlarged frame."""
        right, down = (float(shift) for shift in self.shift_pixels[frame])
        zoom = enlargement * float(self.zoom[frame])
        return Placement(
            x_pixels=(placement.x_pixels - right) * zoom,
            y_pixels=(placement.y_pixels - down) * zoom,
            pixels_per_metre=placement.pixels_per_metre * zoom,
        )


def draw_camera(
    rng: np.random.Generator, config: DemoConfig, num_frames: int
) -> Camera:
    """Draw the random movement of the camera during a video."""
    seconds = np.arange(num_frames) / config.fps
    shift = config.shake_pixels * smooth_noise(rng, num_frames, 2, deviation_frames=3)
    shift[:, 0] += config.pan_pixels * _slow_wave(rng, seconds)
    return Camera(shift, 1 + config.zoom * _slow_wave(rng, seconds))


def _slow_wave(rng: np.random.Generator, seconds: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * (seconds / rng.uniform(6, 12) + rng.random()))


def smooth_noise(
    rng: np.random.Generator, num_frames: int, channels: int, deviation_frames: float
) -> np.ndarray:
    """Draw Gaussian noise (num_frames, channels) of unit deviation, smooth over time.

    `deviation_frames` is the standard deviation of the smoothing window.
    """
    reach = int(4 * deviation_frames)
    offsets = np.arange(-reach, reach + 1)
    window = np.exp(-0.5 * (offsets / deviation_frames) ** 2)
    window /= np.linalg.norm(window)
    white = rng.standard_normal((channels, num_frames + 2 * reach))
    return np.stack([np.convolve(row, window, "valid") for row in white], axis=-1)
