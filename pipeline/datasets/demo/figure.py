"""The drawing of a figure: the parts of its body, from the farthest to the nearest."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.outfit import Part
from pipeline.datasets.demo.skeleton import Points

CAMERA_METRES = 4.5  # distance to the figure; hands nearer to the camera look larger
EYE_LEVEL_METRES = 1.0
SUBPIXEL_BITS = 4
SHADE, LIT = 0.66, 0.74  # brightness in shadow, lit share of a part's width
CIRCLE = np.array([[np.cos(a), np.sin(a)] for a in np.arange(14) * (np.pi / 7)])


@dataclass(frozen=True)
class Placement:
    """The position and the size of a figure in an image."""

    x_pixels: float  # between the feet
    y_pixels: float
    pixels_per_metre: float

    def enlarged(self, factor: float) -> "Placement":
        """Return the same placement in an image enlarged by a factor."""
        return Placement(
            factor * self.x_pixels,
            factor * self.y_pixels,
            factor * self.pixels_per_metre,
        )


def draw_figure(
    picture: np.ndarray,
    points: Points,
    parts: tuple[Part, ...],
    placement: Placement,
) -> None:
    """Draw a figure into an image, with a shadow on the ground.

    Args:
        picture: The image (height, width, 3), which is changed.
        points: The points of one frame, (3,) each, from `points_of`.
        parts: The parts of the body, from `body_parts`.
        placement: The position of the feet, and the scale.
    """
    _draw_shadow(picture, placement)
    for part in sorted(parts, key=lambda part: _depth(part, points)):
        _draw_part(picture, points, part, placement)


def _depth(part: Part, points: Points) -> float:
    depths = [points[name][2] for name, _ in part.circles]
    return float(sum(depths)) / len(depths) + part.nearer_metres


def _draw_part(
    picture: np.ndarray, points: Points, part: Part, placement: Placement
) -> None:
    centres, radii = _circles(points, part, placement)
    dark = tuple(SHADE * channel for channel in part.colour)
    _fill(picture, centres, radii, dark)
    # The light falls from the upper left.
    _fill(picture, centres - 0.2 * radii[:, None], LIT * radii, part.colour)


def _circles(
    points: Points, part: Part, placement: Placement
) -> tuple[np.ndarray, np.ndarray]:
    """Project a part to centres (circles, 2) and radii (circles,) in pixels."""
    x, y, z = np.array([points[name] for name, _ in part.circles]).T
    scale = CAMERA_METRES / (CAMERA_METRES - z) * placement.pixels_per_metre
    ground = placement.y_pixels - EYE_LEVEL_METRES * placement.pixels_per_metre
    across = placement.x_pixels + x * scale
    down = ground + (EYE_LEVEL_METRES - y) * scale
    radii = scale * [radius for _, radius in part.circles]
    return np.stack([across, down], axis=-1), radii


def _fill(
    picture: np.ndarray,
    centres: np.ndarray,
    radii: np.ndarray,
    colour: tuple[float, ...],
) -> None:
    # (circles, 1, 2) + (circles, points, 2) -> (circles * points, 2)
    rims = centres[:, None] + radii[:, None, None] * CIRCLE
    pixels = np.rint(rims.reshape(-1, 2) * 2**SUBPIXEL_BITS).astype(np.int32)
    cv2.fillConvexPoly(
        picture, cv2.convexHull(pixels), colour, cv2.LINE_AA, SUBPIXEL_BITS
    )


def _draw_shadow(picture: np.ndarray, placement: Placement) -> None:
    height, width = picture.shape[:2]
    across = 0.42 * placement.pixels_per_metre
    down = across / 6
    x, y = placement.x_pixels, placement.y_pixels
    columns = np.arange(max(int(x - across), 0), min(int(x + across) + 1, width))
    rows = np.arange(max(int(y - down), 0), min(int(y + down) + 1, height))
    if not len(columns) or not len(rows):
        return
    distance = ((columns - x) / across) ** 2 + (((rows - y) / down) ** 2)[:, None]
    light = 1 - 0.55 * (1 - distance).clip(0, 1)[:, :, None]
    region = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    region[:] = (region * light).astype(np.uint8)
