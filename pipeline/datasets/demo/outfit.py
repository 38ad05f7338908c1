"""The appearance of people: the parts of their bodies and the colours of each."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.pose import SIDES

Colour = tuple[float, float, float]  # blue, green, red, as in OpenCV


@dataclass(frozen=True)
class Outfit:
    """The colours of one person."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    long_sleeves: bool
    shorts: bool


@dataclass(frozen=True)
class Part:
    """The hull of circles around points of the skeleton, in one colour.

    `nearer_metres` is added to its depth: in front view, arms and trunk are equally
    far from the camera, and the arms must stay visible.
    """

    colour: Colour
    circles: tuple[tuple[str, float], ...]  # point and radius in metres
    nearer_metres: float = 0.0


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Draw a person's colours and clothes at random."""
    skin, hair = rng.uniform(0.4, 1.0), rng.uniform(0.2, 1.0)
    return Outfit(
        skin=(150 * skin, 180 * skin, 230 * skin),
        hair=(40 * hair, 65 * hair, 100 * hair),
        shirt=_cloth(rng, 120, 240),
        trousers=_cloth(rng, 50, 140),
        shoes=_cloth(rng, 40, 230),
        long_sleeves=bool(rng.random() < 0.4),
        shorts=bool(rng.random() < 0.4),
    )


def _cloth(rng: np.random.Generator, darkest: float, brightest: float) -> Colour:
    hue, saturation = rng.uniform(0, 180), rng.uniform(40, 200)
    pixel = np.array([[[hue, saturation, rng.uniform(darkest, brightest)]]])
    blue, green, red = cv2.cvtColor(pixel.astype(np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return float(blue), float(green), float(red)


def body_parts(outfit: Outfit) -> tuple[Part, ...]:
    """Return the parts of a person's body, in the colours of an outfit."""
    hips = (("left_hip", 0.1), ("right_hip", 0.1))
    shoulders = (("left_shoulder", 0.07), ("right_shoulder", 0.07))
    trunk = (
        Part(outfit.trousers, hips, -0.14),
        Part(outfit.shirt, (*shoulders, ("left_hip", 0.085), ("right_hip", 0.085))),
        Part(outfit.skin, (("neck", 0.05), ("chin", 0.045)), 0.02),
        Part(outfit.hair, (("hair", 0.112),), -0.01),
        Part(outfit.skin, (("skull", 0.097), ("chin", 0.062)), 0.03),
    )
    return trunk + tuple(part for side in SIDES for part in _side_parts(outfit, side))


def _side_parts(outfit: Outfit, side: str) -> tuple[Part, ...]:
    arm = outfit.shirt if outfit.long_sleeves else outfit.skin
    shin = outfit.skin if outfit.shorts else outfit.trousers

    def part(colour: Colour, nearer: float, **radii: float) -> Part:
        circles = ((f"{side}_{name}", radius) for name, radius in radii.items())
        return Part(colour, tuple(circles), nearer)

    return (
        part((30, 25, 25), 0.05, eye=0.016),
        part(shin, -0.15, knee=0.058, ankle=0.043),
        part(outfit.trousers, -0.14, hip=0.088, knee=0.065),
        part(outfit.shoes, -0.1, ankle=0.05, toe=0.04),
        part(arm, 0.1, shoulder=0.055, elbow=0.045),
        part(outfit.shirt, 0.11, shoulder=0.066, sleeve=0.06),
        part(arm, 0.12, elbow=0.045, wrist=0.034),
        part(outfit.skin, 0.13, wrist=0.035, hand=0.048),
    )
