"""Speed of optical flow on one thread, compared with OpenCV's TV-L1.

python -m benchmarks.flow [VIDEO ...] [--pairs 4]
"""

import time
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.videos import make_parser, middle_frames, videos_or_demo
from extractors.flow import FlowConfig
from extractors.flow.opencv import dis, farneback
from extractors.flow.opencv import tvl1 as opencv_tvl1
from extractors.flow.pairs import Gray, PairFlow
from extractors.flow.tvl1 import compiled, jitted, solver, tvl1

Pair = tuple[Gray, Gray]

REFERENCE = "OpenCV TV-L1"


def make_algorithms() -> dict[str, PairFlow]:
    """Return the algorithms to compare, each on one thread."""
    config = FlowConfig()
    return {
        REFERENCE: opencv_tvl1(config),
        "TV-L1, C": _with_kernels(compiled),
        "TV-L1, Numba": _with_kernels(jitted),
        "OpenCV DIS": dis(),
        "OpenCV Farnebäck": farneback(),
    }


def _with_kernels(kernels: object) -> PairFlow:
    flow = tvl1(FlowConfig())

    def run(previous: Gray, following: Gray) -> np.ndarray:
        with patch.object(solver, "load_kernels", lambda: kernels):
            return flow(previous, following)

    return run


def measure(
    algorithms: dict[str, PairFlow], videos: list[list[Pair]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Measure the seconds per pair, and the mean distance to the reference in pixels.

    The algorithms take turns on each video, so that the machine's load affects all of
    them equally.
    """
    seconds = dict.fromkeys(algorithms, 0.0)
    distance = dict.fromkeys(algorithms, 0.0)
    for pairs in videos:
        fields = {}
        for name, algorithm in algorithms.items():
            algorithm(*pairs[0])  # excludes what is made once per size
            began = time.perf_counter()
            fields[name] = np.stack([algorithm(*pair) for pair in pairs])
            seconds[name] += time.perf_counter() - began
        for name, made in fields.items():
            away = np.linalg.norm(made - fields[REFERENCE], axis=-1)
            distance[name] += float(away.mean()) * len(pairs)
    count = sum(map(len, videos))
    return (
        {name: total / count for name, total in seconds.items()},
        {name: total / count for name, total in distance.items()},
    )


def gray_pairs(path: Path, count: int) -> list[Pair]:
    """Return pairs of consecutive gray frames from the middle of a video."""
    frames = middle_frames(path, count + 1)
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    return list(pairwise(gray))


def main() -> None:
    """Measure and print the speed of each algorithm."""
    parser = make_parser(__doc__)
    parser.add_argument(
        "--pairs", type=int, default=4, help="pairs of frames per video"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with videos_or_demo(arguments.videos) as paths:
        videos = [gray_pairs(path, arguments.pairs) for path in paths]
    seconds, distance = measure(make_algorithms(), videos)
    frames = [previous for pairs in videos for previous, _ in pairs]
    sizes = sorted({f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames})
    table = Table(title=f"{len(frames)} pairs of {', '.join(sizes)}, one thread")
    columns = ("ms per pair", "pairs per second", "times OpenCV", "pixels from OpenCV")
    for name in ("", *columns):
        table.add_column(name, justify="right" if name else "left")
    for name, each in seconds.items():
        ratio = seconds[REFERENCE] / each
        figures = (f"{each * 1e3:.1f}", f"{1 / each:.1f}", f"{ratio:.1f}")
        table.add_row(name, *figures, f"{distance[name]:.3f}")
    Console().print(table, describe_machine(), highlight=False)


if __name__ == "__main__":
    main()
