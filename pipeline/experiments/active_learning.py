"""Simulated annotation in rounds: one more click per video, then a new training.

The ground truth labels a click with the actions at its moment, or with background. The
experiment compares ways to choose the moments; everything else is equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from models.fit import FitState, fit
from models.predictor import Predictor
from pipeline.datasets import BACKGROUND, Point, Video
from pipeline.detection.proposals import detect_actions
from pipeline.evaluation import evaluate
from pipeline.experiments.cells import cell_of
from pipeline.grid import SnippetGrid
from pipeline.points.simulation import PointConfig, simulate_points
from pipeline.points.suggestion import MEASURES, MeasureName, SuggestConfig, suggest
from pipeline.points.summary import labels_at
from pipeline.progress import ShareDone, silent
from pipeline.run.run import Run
from pipeline.seeds import generator_of
from pipeline.stages.fitting import training_videos
from pipeline.stages.predicting import predict_videos
from pipeline.storage import plain, read_json, write_json
from pipeline.training.fit import check_finite
from pipeline.training.samples import TrainingVideo, make_samples

Way = MeasureName | Literal["even", "random", "segment"]

# The ways to choose the next moment of a video, with the names shown in the figure.
WAYS: dict[Way, str] = {
    **{name: f"model: {measure.reason}" for name, measure in MEASURES.items()},
    "even": "middle of the longest gap",
    "random": "at random",
    "segment": "a random segment of the ground truth",
}


def run_round(
    inputs: Sequence[Path],
    output: Path,
    run: Mapping[str, Any],
    way: Way | Literal[""],
    seed: int,
    progress: ShareDone = silent,
) -> None:
    """Add one click to each video, train, score, and choose the next moments.

    The first round, which all ways share, has an empty way. Others have the result of
    the previous round as their input. The output is a JSON file with the clicks and the
    score of the round, and the next moments. The seed is that of the training and of
    every random choice.
    """
    setup = cell_of(Run.from_json(run), {}, seed)
    truth = {video.id: video for video in setup.dataset.of_subset("train")}
    before = read_json(inputs[0]) if way else None
    videos = [
        click(video, truth[video.id], before, way, seed)
        for video in training_videos(setup, {})
    ]
    predictor = train(videos, setup, progress)
    moments = {
        name: {
            v.id: choose_moment(name, v, truth[v.id], predictor, seed) for v in videos
        }
        for name in ([way] if way else WAYS)
    }
    clicks = {video.id: video.points for video in videos}
    found = score(setup, predictor)
    write_json(output, {**found, "clicks": plain(clicks), "next": moments})


def click(
    video: TrainingVideo,
    truth: Video,
    before: Mapping[str, Any] | None,
    way: Way | Literal[""],
    seed: int,
) -> TrainingVideo:
    """Return a video with its previous clicks and one at the moment chosen for it.

    In the first round, the moment is drawn at random.
    """
    if before is None:
        first = draw_moment(video.grid, seed, video.id)
        return replace(video, points=answer(truth, first))
    points = [Point(**point) for point in before["clicks"][video.id]]
    moment = before["next"][way][video.id]
    return replace(video, points=[*points, *answer(truth, moment)])


def answer(video: Video, seconds: float | None) -> list[Point]:
    """Return the clicks that the ground truth gives at a moment; none without one."""
    if seconds is None:
        return []
    labels = labels_at(video, Point(seconds, BACKGROUND)) or {BACKGROUND}
    return [Point(seconds, label) for label in sorted(labels)]


def choose_moment(
    way: Way, video: TrainingVideo, truth: Video, predictor: Predictor, seed: int
) -> float | None:
    """Return the moment of a video's next click, or None if there is none left."""
    if way == "even":
        return middle_of_longest_gap(video.grid, video.points)
    if way == "random":
        return draw_moment(video.grid, seed, f"{video.id} {len(video.points)}")
    if way == "segment":
        return draw_from_segment(truth, video, seed)
    config = SuggestConfig(measure=way, count=1)
    sequences = predictor.predict_networks(video.features)
    found = suggest(sequences, video.grid, video.points, config)
    return found[0].seconds if found else None


def middle_of_longest_gap(grid: SnippetGrid, points: Sequence[Point]) -> float:
    """Return the middle of the longest stretch of a video without a click.

    >>> middle_of_longest_gap(SnippetGrid(num_frames=200), [Point(2.0, "jump")])
    5.0
    """
    edges = sorted([grid.start_seconds, grid.end_seconds, *(p.seconds for p in points)])
    gap = int(np.diff(edges).argmax())
    return (edges[gap] + edges[gap + 1]) / 2


def draw_moment(grid: SnippetGrid, seed: int, name: str) -> float:
    """Draw a moment uniformly from a video."""
    generator = generator_of(seed, f"moment of {name}")
    return float(generator.uniform(grid.start_seconds, grid.end_seconds))


def draw_from_segment(truth: Video, video: TrainingVideo, seed: int) -> float | None:
    """Draw a segment without a click, of action or background, and a moment in it.

    This simulates an annotator who has watched the video and knows its segments. None
    means that every segment has a click.
    """
    end = video.grid.end_seconds
    config = PointConfig(window_seconds=end, gap_seconds=0.0, seed=seed)
    points = simulate_points(truth.id, truth.instances, end, config)
    clicked = {point.seconds for point in video.points}
    left = [point.seconds for point in points if point.seconds not in clicked]
    generator = generator_of(seed, f"segment of {video.id} {len(clicked)}")
    return float(generator.choice(left)) if left else None


def train(videos: Sequence[TrainingVideo], run: Run, progress: ShareDone) -> Predictor:
    """Train on videos with their clicks."""
    config, device = run.config.train, torch.device(run.device)

    def after_epoch(state: FitState) -> None:
        check_finite(state.history[-1])
        progress(state.epoch / config.epochs)

    samples = make_samples(
        videos, run.dataset.classes, config.cells, config.scaling, config.seed
    )
    model, _ = fit(samples, config, device, after_epoch=after_epoch)
    return Predictor(model, config, device)


def score(run: Run, predictor: Predictor) -> dict[str, Any]:
    """Return the mAP of the searched videos in percent, per tIoU and on average."""
    detections = {
        video.id: detect_actions(
            prediction, run.dataset.classes, grid, run.config.detect
        )
        for video, prediction, grid in predict_videos(run, predictor)
    }
    scores = evaluate(run.ground_truth, detections, run.config.evaluate).scores
    return {"map": scores.map, "average_map": scores.average_map}
