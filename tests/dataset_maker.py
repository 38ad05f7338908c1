"""A tiny dataset of real video files in which two actions are plain to see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.video_maker import write_video

WIDTH, HEIGHT, SIDE, FRAMES = 96, 64, 20, 90
STEPS = {"right": (3, 0), "down": (0, 2)}


def make_dataset(folder: Path, train: int = 4, test: int = 2) -> Path:
    """Write videos in which a square stands still, then moves right or down.

    Returns the manifest's path; the actions' seconds are in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(train + test):
        subset = "train" if index < train else "test"
        label = list(STEPS)[index % 2]
        first = 20 + 5 * (index % 3)
        moving = range(first, first + 30)
        path = folder / f"{subset} {index}.mp4"
        write_video(path, square_pictures(label, moving, seed=index))
        entries.append(entry(path, subset, label, moving))
    return write_manifest(folder, entries)


def write_manifest(folder: Path, entries: list[dict[str, Any]]) -> Path:
    """Write the manifest of some entries."""
    path = folder / "dataset.json"
    content = {"version": 1, "name": "tiny", "classes": list(STEPS), "videos": entries}
    path.write_text(json.dumps(content))
    return path


def entry(path: Path, subset: str, label: str, moving: range) -> dict[str, Any]:
    """A manifest's entry for one video."""
    seconds = [moving.start / 25, moving.stop / 25]
    segments = [{"label": label, "segment": seconds}]
    return {"id": path.stem, "path": path.name, "subset": subset, "segments": segments}


def square_pictures(label: str, moving: range, seed: int) -> Iterator[np.ndarray]:
    """A bright textured square on textured ground that moves during `moving`."""
    generator = np.random.default_rng(seed)
    ground = generator.integers(40, 90, (HEIGHT, WIDTH, 3), np.uint8)
    square = generator.integers(150, 250, (SIDE, SIDE, 3), np.uint8)
    for index in range(FRAMES):
        steps = min(max(index - moving.start, 0), len(moving))
        x = (4 + steps * STEPS[label][0]) % (WIDTH - SIDE)
        y = (4 + steps * STEPS[label][1]) % (HEIGHT - SIDE)
        picture = ground.copy()
        picture[y : y + SIDE, x : x + SIDE] = square
        yield picture
