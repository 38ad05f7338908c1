"""A place as the camera sees it in each frame, before any figure is drawn."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.camera import Camera
from pipeline.datasets.demo.config import DemoConfig
from pipeline.datasets.demo.places import PLACES, Motes

MARGIN = 40  # pixels painted beyond each edge, so that the camera can move
HORIZON = 0.62  # top of the floor, as a share of the frame's height
WALL_PARALLAX = 0.5  # movement of the wall with the camera, relative to the floor


@dataclass(frozen=True)
class Scene:
    """A painted place. Wall and floor are uint8 images with `MARGIN` on every side."""

    wall: np.ndarray
    floor: np.ndarray
    motes: Motes
    config: DemoConfig

    def picture(self, camera: Camera, frame: int) -> np.ndarray:
        """Return the place at one frame as a uint8 image (height, width, 3)."""
        picture = self._seen(self.wall, camera.window(frame, WALL_PARALLAX))
        floor = self._seen(self.floor, camera.window(frame, 1.0))
        _, down = camera.shift_pixels[frame]
        horizon = (HORIZON * self.config.height - down) * camera.zoom[frame]
        row, share = int(horizon), float(horizon % 1)
        picture[row + 1 :] = floor[row + 1 :]
        # A horizon between two rows of pixels must not jump from one to the other.
        picture[row] = share * picture[row] + (1 - share) * floor[row]
        self._draw_motes(picture, camera, frame)
        return picture

    def _seen(self, painted: np.ndarray, window: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(
            painted,
            np.add(window, [[0, 0, MARGIN], [0, 0, MARGIN]]),
            (self.config.width, self.config.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )

    def _draw_motes(self, picture: np.ndarray, camera: Camera, frame: int) -> None:
        """Draw leaves, gulls or dust, which wrap around from one side to the other."""
        span = np.array([self.config.width, self.config.height]) + 2 * MARGIN
        travelled = self.motes.start_pixels + self.motes.speed * frame / self.config.fps
        for x, y in travelled % span - MARGIN - camera.shift_pixels[frame]:
            centre = (round(16 * float(x)), round(16 * float(y)))
            axes = (round(16 * self.motes.radii[0]), round(16 * self.motes.radii[1]))
            cv2.ellipse(
                picture, centre, axes, 0, 0, 360, self.motes.colour, -1, cv2.LINE_AA, 4
            )


def paint_scene(rng: np.random.Generator, config: DemoConfig, place: str) -> Scene:
    """Paint one of `PLACES`, with details that the generator draws."""
    width, height = config.width + 2 * MARGIN, config.height + 2 * MARGIN
    horizon = round(HORIZON * config.height) + MARGIN
    wall, floor, motes = PLACES[place](rng, (horizon, width), (height - horizon, width))
    tint = rng.uniform(0.88, 1.12, 3)
    # The last row of the wall and the first of the floor are repeated across the
    # horizon, where the camera's interpolation reads beyond them.
    wall = np.pad(wall, ((0, height - horizon), (0, 0), (0, 0)), "edge")
    floor = np.pad(floor, ((horizon, 0), (0, 0), (0, 0)), "edge")
    return Scene(
        wall=(wall * tint).clip(0, 255).astype(np.uint8),
        floor=(floor * tint).clip(0, 255).astype(np.uint8),
        motes=motes,
        config=config,
    )
