"""The drawing of a figure: the parts of its body, from the farthest to the nearest."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.pose import SIDES, Points

CAMERA_METRES = 4.5  # distance to the figure; hands nearer to the camera look larger
EYE_LEVEL_METRES = 1.0
SUBPIXEL_BITS = 4
SHADE, LIT = 0.66, 0.74  # brightness in shadow, lit share of a part's width
CIRCLE = np.array([[np.cos(a), np.sin(a)] for a in np.arange(14) * (np.pi / 7)])

Colour = tuple[float, float, float]  # blue, green, red, as in OpenCV


@dataclass(frozen=True)
class Placement:
    """The position and the size of a figure in an image."""

    x_pixels: float  # between the feet
    y_pixels: float
    pixels_per_metre: float


@dataclass(frozen=True)
class Part:
    """The hull of circles around points of the skeleton, in one colour.

    `nearer_metres` is added to its depth: in front view, arms and trunk are equally
    far from the camera, and the arms must stay visible.
    """

    colour: Colour
    radii_metres: dict[str, float]  # by point
    nearer_metres: float = 0.0


def draw_body(rng: np.random.Generator) -> list[Part]:
    """Draw the parts of a person's body, with colours and clothes at random."""
    skin = _scaled((150, 180, 230), rng.uniform(0.4, 1.0))
    hair = _scaled((40, 65, 100), rng.uniform(0.2, 1.0))
    shirt, trousers = _cloth(rng, 120, 240), _cloth(rng, 50, 140)
    shoes = _cloth(rng, 40, 230)
    arm = shirt if rng.random() < 0.4 else skin
    shin = skin if rng.random() < 0.4 else trousers
    waist = {"left_hip": 0.085, "right_hip": 0.085}
    parts = [
        Part(trousers, {"left_hip": 0.1, "right_hip": 0.1}, -0.14),
        Part(shirt, {"left_shoulder": 0.07, "right_shoulder": 0.07} | waist),
        Part(skin, {"neck": 0.05, "chin": 0.045}, 0.02),
        Part(hair, {"hair": 0.112}, -0.01),
        Part(skin, {"skull": 0.097, "chin": 0.062}, 0.03),
    ]
    for side in SIDES:
        parts += [
            Part((30, 25, 25), {f"{side}_eye": 0.016}, 0.05),
            Part(shin, {f"{side}_knee": 0.058, f"{side}_ankle": 0.043}, -0.15),
            Part(trousers, {f"{side}_hip": 0.088, f"{side}_knee": 0.065}, -0.14),
            Part(shoes, {f"{side}_ankle": 0.05, f"{side}_toe": 0.04}, -0.1),
            Part(arm, {f"{side}_shoulder": 0.055, f"{side}_elbow": 0.045}, 0.1),
            Part(shirt, {f"{side}_shoulder": 0.066, f"{side}_sleeve": 0.06}, 0.11),
            Part(arm, {f"{side}_elbow": 0.045, f"{side}_wrist": 0.034}, 0.12),
            Part(skin, {f"{side}_wrist": 0.035, f"{side}_hand": 0.048}, 0.13),
        ]
    return parts


def _scaled(colour: Colour, share: float) -> Colour:
    blue, green, red = colour
    return blue * share, green * share, red * share


def _cloth(rng: np.random.Generator, darkest: float, brightest: float) -> Colour:
    hue, saturation = rng.uniform(0, 180), rng.uniform(40, 200)
    pixel = np.array([[[hue, saturation, rng.uniform(darkest, brightest)]]])
    blue, green, red = cv2.cvtColor(pixel.astype(np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return float(blue), float(green), float(red)


def draw_figure(
    picture: np.ndarray, points: Points, parts: list[Part], placement: Placement
) -> None:
    """Draw a figure into an image (height, width, 3), with a shadow on the ground.

    The points, from `points_of`, are those of one frame, (3,) each.
    """
    _draw_shadow(picture, placement)
    for part in sorted(parts, key=lambda part: _depth(part, points)):
        _draw_part(picture, points, part, placement)


def _depth(part: Part, points: Points) -> float:
    depths = [points[name][2] for name in part.radii_metres]
    return float(sum(depths)) / len(depths) + part.nearer_metres


def _draw_part(
    picture: np.ndarray, points: Points, part: Part, placement: Placement
) -> None:
    centres, radii = _circles(points, part, placement)
    _fill(picture, centres, radii, _scaled(part.colour, SHADE))
    # The light falls from the upper left.
    _fill(picture, centres - 0.2 * radii[:, None], LIT * radii, part.colour)


def _circles(
    points: Points, part: Part, placement: Placement
) -> tuple[np.ndarray, np.ndarray]:
    """Project a part to centres (circles, 2) and radii (circles,) in pixels."""
    x, y, z = np.array([points[name] for name in part.radii_metres]).T
    scale = CAMERA_METRES / (CAMERA_METRES - z) * placement.pixels_per_metre
    ground = placement.y_pixels - EYE_LEVEL_METRES * placement.pixels_per_metre
    across = placement.x_pixels + x * scale
    down = ground + (EYE_LEVEL_METRES - y) * scale
    radii = scale * list(part.radii_metres.values())
    return np.stack([across, down], axis=-1), radii


def _fill(
    picture: np.ndarray, centres: np.ndarray, radii: np.ndarray, colour: Colour
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
