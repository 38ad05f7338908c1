"""Procedural textures: float32 images (height, width, 3), with levels of 0 to 255."""

import cv2
import numpy as np

from pipeline.datasets.demo.figure import Colour


def octaves(
    rng: np.random.Generator, shape: tuple[int, int], cell: tuple[int, int]
) -> np.ndarray:
    """Draw noise at several scales (height, width, 1), zero on average, about -1 to 1.

    `cell` is the height and width of the coarsest blobs in pixels.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    strength = 0.6
    while strength > 0.05:
        grid = (height // cell[0] + 2, width // cell[1] + 2)
        blobs = rng.uniform(-1, 1, grid).astype(np.float32)
        total += strength * cv2.resize(
            blobs, (width, height), interpolation=cv2.INTER_CUBIC
        )
        cell = (max(1, cell[0] // 2), max(1, cell[1] // 2))
        strength *= 0.6
    return total[:, :, None]


def plain(shape: tuple[int, int], colour: Colour) -> np.ndarray:
    """Return an image of one colour."""
    return np.full((*shape, 3), colour, np.float32)


def gradient(shape: tuple[int, int], top: Colour, bottom: Colour) -> np.ndarray:
    """Return a vertical gradient from one colour to another."""
    column = np.linspace(top, bottom, shape[0], dtype=np.float32)[:, None]
    return np.repeat(column, shape[1], axis=1)


def tiles(
    rng: np.random.Generator,
    shape: tuple[int, int],
    tile: tuple[int, int],  # height and width of one
    colour: Colour,
    joint: Colour,  # of the lines between tiles
    variety: float,  # standard deviation of the shades in grey levels
) -> np.ndarray:
    """Draw bricks or planks: staggered rows of tiles, each in its own shade."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    row = rows // tile[0]
    along = columns + (row % 2) * (tile[1] // 2)
    shades = rng.normal(0, variety, (shape[0] // tile[0] + 2, shape[1] // tile[1] + 2))
    shade = shades[row, along // tile[1]].astype(np.float32)
    picture: np.ndarray = plain(shape, colour) + shade[:, :, None]
    edges = (rows % tile[0] == 0) | (along % tile[1] == 0)
    picture[edges] = joint
    return picture
