"""Four places as backgrounds, painted at random but each of a distinct kind."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.datasets.demo.figure import Colour
from pipeline.datasets.demo.textures import gradient, octaves, plain, tiles

FrameSize = tuple[int, int]  # height and width in pixels


@dataclass(frozen=True)
class Motes:
    """Small things that drift through a place."""

    colour: Colour
    radii: tuple[float, float]  # pixels, across and down
    speed: np.ndarray  # (motes, 2), pixels per second, right and down
    start_pixels: np.ndarray  # (motes, 2)


def _motes(
    rng: np.random.Generator,
    count: int,
    colour: Colour,
    radii: tuple[float, float],
    speed: tuple[float, float],
    area: tuple[float, float, float, float],
) -> Motes:
    """Scatter motes over `area` (left, top, right, bottom), each at its own speed."""
    start = rng.uniform(area[:2], area[2:], (count, 2))
    speeds = np.array(speed) * rng.uniform(0.6, 1.4, (count, 1))
    return Motes(colour, radii, speeds, start)


# The far and the near half of a place, float32 (height, width, 3).
Backdrop = tuple[np.ndarray, np.ndarray, Motes]


def _gym(rng: np.random.Generator, wall: FrameSize, floor: FrameSize) -> Backdrop:
    picture = gradient(wall, (205, 220, 225), (165, 190, 200))
    height, width = wall
    for left in range(int(rng.integers(20, 80)), width, 130):
        _window(picture, left, height // 6)
        _wall_bars(picture, left + 62, height // 8)
    picture[int(0.8 * height) :] = rng.uniform((120, 60, 30), (190, 120, 70))
    planks = tiles(rng, floor, (9, 90), (95, 150, 200), (70, 115, 160), 9)
    cv2.line(planks, (0, floor[0] // 3), (width, floor[0] // 3), (235, 235, 235), 3)
    wood = planks + 10 * octaves(rng, floor, (4, 40))
    beside = (0, height - 30, width, height)
    ball = _motes(rng, 1, (40, 110, 225), (8, 8), (45, 0), beside)
    return picture, wood, ball


def _window(picture: np.ndarray, left: int, top: int) -> None:
    cv2.rectangle(picture, (left, top), (left + 44, top + 50), (120, 130, 130), 3)
    cv2.rectangle(picture, (left, top), (left + 44, top + 50), (250, 240, 225), -1)
    cv2.line(picture, (left + 22, top), (left + 22, top + 50), (130, 140, 140), 2)


def _wall_bars(picture: np.ndarray, left: int, top: int) -> None:
    bottom = int(0.8 * len(picture))
    for bar in range(top, bottom, 9):
        cv2.line(picture, (left, bar), (left + 40, bar), (80, 130, 175), 3)
    for post in (left, left + 40):
        cv2.line(picture, (post, top), (post, bottom), (60, 105, 150), 4)


def _cellar(rng: np.random.Generator, wall: FrameSize, floor: FrameSize) -> Backdrop:
    bricks = tiles(rng, wall, (11, 26), (62, 72, 132), (78, 84, 92), 12)
    bricks += 12 * octaves(rng, wall, (40, 40))
    rows, columns = np.mgrid[: wall[0], : wall[1]]
    lamp = rng.uniform(0.3, 0.7) * wall[1]
    distance = np.hypot((columns - lamp) / wall[1], (rows - 20) / wall[0] / 2)
    bricks *= (1.35 - 1.1 * distance).clip(0.45, 1.3)[:, :, None].astype(np.float32)
    stripes = {0.52: (60, 60, 200), 0.68: (220, 220, 220), 0.84: (190, 90, 50)}
    for level, colour in stripes.items():
        row = int(level * wall[0])
        cv2.line(bricks, (0, row), (wall[1], row), colour, 3, cv2.LINE_AA)
    canvas = plain(floor, (118, 110, 104)) + 16 * octaves(rng, floor, (24, 60))
    everywhere = (0, 0, wall[1], wall[0])
    dust = _motes(rng, 16, (150, 175, 185), (1.2, 1.2), (7, 4), everywhere)
    return bricks, canvas, dust


def _park(rng: np.random.Generator, wall: FrameSize, floor: FrameSize) -> Backdrop:
    sky = gradient(wall, (235, 190, 130), (240, 225, 205))
    clouds = octaves(rng, wall, (50, 120)).clip(0, 0.6)
    picture = sky + (250 - sky) * clouds * 1.4
    height, width = wall
    crowns = 0.45 * height + 0.22 * height * octaves(rng, (1, width), (1, 70))[0, :, 0]
    trees = np.arange(height)[:, None] > crowns
    leaves = plain(wall, (50, 105, 70)) + 34 * octaves(rng, wall, (20, 20))
    picture[trees] = leaves[trees]
    grass = gradient(floor, (70, 150, 110), (50, 135, 85))
    grass += 26 * octaves(rng, floor, (12, 5))
    falling = _motes(rng, 9, (50, 140, 205), (3, 1.7), (22, 16), (0, 0, width, height))
    return picture, grass, falling


def _beach(rng: np.random.Generator, wall: FrameSize, floor: FrameSize) -> Backdrop:
    sky = gradient(wall, (225, 170, 110), (235, 220, 215))
    picture = sky + (250 - sky) * octaves(rng, wall, (24, 160)).clip(0, 0.7)
    height, width = wall
    sea_height = int(rng.uniform(0.3, 0.42) * height)
    sea = gradient((sea_height, width), (150, 120, 40), (190, 165, 85))
    picture[-sea_height:] = sea + 22 * octaves(rng, (sea_height, width), (5, 50))
    sand = gradient(floor, (150, 195, 220), (135, 180, 210))
    sand += 14 * octaves(rng, floor, (10, 18))
    sand[:5] = (235, 235, 230)  # foam
    sky_only = (0, 30, width, 0.6 * height)
    gulls = _motes(rng, 5, (252, 252, 252), (5, 1.4), (26, 0), sky_only)
    return picture, sand, gulls


# The place at index k is the usual one of the action at index k.
PLACES = {"gym": _gym, "cellar": _cellar, "park": _park, "beach": _beach}
