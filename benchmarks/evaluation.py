"""Time to score many detections on one thread: rules, intervals and diagnosis.

OMP_NUM_THREADS=1 python -m benchmarks.evaluation [--detections 31000] [--repeats 3]
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig, diagnose, evaluate

VIDEOS, CLASSES, INSTANCES, SECONDS = 213, 20, 3358, 240.0  # THUMOS14's test videos
THUMOS14 = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
ACTIVITYNET = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)

Instances = dict[str, list[Instance]]
Detections = dict[str, list[Detection]]


def draw_instances(rng: np.random.Generator) -> Instances:
    """Draw ground truth with one class per video and instances of a few seconds."""
    truth: Instances = {f"video {n}": [] for n in range(VIDEOS)}
    for n in rng.integers(0, VIDEOS, INSTANCES).tolist():
        start, length = rng.uniform(0, SECONDS), rng.gamma(2, 2.5)
        instance = Instance(f"class {n % CLASSES}", start, start + length)
        truth[f"video {n}"].append(instance)
    return truth


def draw_detections(
    truth: Instances, count: int, rng: np.random.Generator
) -> Detections:
    """Draw detections near instances, where matching has the most work."""
    all_of_them = [(id, i) for id, found in truth.items() for i in found]
    detections: Detections = {id: [] for id in truth}
    for place in rng.integers(0, len(all_of_them), count).tolist():
        id, near = all_of_them[place]
        length = near.end_seconds - near.start_seconds
        start = near.start_seconds + length * rng.normal(0, 0.5)
        end = start + length * rng.lognormal(0, 0.5)
        detections[id].append(Detection(near.label, rng.random(), start, end))
    return detections


def make_tasks() -> dict[str, Callable[[Instances, Detections], object]]:
    """Return the functions to measure, by name."""
    plain = EvaluateConfig(THUMOS14)
    configs = {
        "activitynet, 7 thresholds": plain,
        "activitynet, 10 thresholds": EvaluateConfig(ACTIVITYNET),
        "thumos, 7 thresholds": EvaluateConfig(THUMOS14, evaluator="thumos"),
        "activitynet, 7, 200 draws": EvaluateConfig(THUMOS14, bootstrap=200),
    }
    tasks = {name: partial(evaluate, config=c) for name, c in configs.items()}
    return {**tasks, "diagnosis": partial(diagnose, config=plain)}


def main() -> None:
    """Measure and print the times of evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detections", type=int, default=31_000)
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of each task; the fastest counts"
    )
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    truth = draw_instances(rng)
    detections = draw_detections(truth, arguments.detections, rng)
    title = f"{arguments.detections} detections, {VIDEOS} videos, {CLASSES} classes"
    table = Table("", title=title)
    table.add_column("seconds", justify="right")
    for name, task in make_tasks().items():
        table.add_row(
            name, f"{fastest(task, truth, detections, arguments.repeats):.2f}"
        )
    Console().print(table, describe_machine(), highlight=False)


def fastest(
    task: Callable[[Instances, Detections], object],
    truth: Instances,
    detections: Detections,
    repeats: int,
) -> float:
    """Return the seconds of the fastest of several runs."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        task(truth, detections)
        seconds.append(time.perf_counter() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
