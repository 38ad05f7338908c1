"""Reports of made-up findings, as tests of the pages and of their sizes want them."""

from pathlib import Path
from typing import Any

import numpy as np

from models.prediction import Prediction
from pipeline.datasets import Instance, Point
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.evaluation import evaluate
from pipeline.grid import SnippetGrid
from pipeline.report import Findings, Model, RunReport, VideoReport


def random_findings(
    labels: list[str],
    seconds: float,
    seed: int,
    num_detections: int = 60,
    cells: int = 750,
    num_classes: int = 20,
) -> Findings:
    """As much as a model finds in a video of THUMOS14."""
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, 0.9 * seconds, num_detections)
    lengths = rng.uniform(0.01, 0.1, num_detections) * seconds
    detections = tuple(
        Detection(labels[i % len(labels)], float(score), float(start), float(end))
        for i, (score, start, end) in enumerate(
            zip(
                rng.uniform(0, 1, num_detections), starts, starts + lengths, strict=True
            )
        )
    )
    prediction = Prediction(
        cas=rng.normal(size=(1 + num_classes, cells)).cumsum(axis=1),
        video_scores=rng.dirichlet(np.ones(1 + num_classes)),
    )
    grid = SnippetGrid(cells, cells / seconds, snippet_frames=1, stride_frames=1)
    classes = tuple(f"class {place}" for place in range(num_classes))
    return Findings(
        detections,
        Response(prediction, grid, classes),
        thresholds=tuple(np.arange(0, 0.25, 0.025).tolist()),
    )


def random_report(
    num_videos: int,
    num_models: int = 1,
    num_classes: int = 20,
    seconds: float = 200.0,
    path: Path | None = None,
    **sizes: Any,
) -> RunReport:
    """Videos with fifteen instances and five clicks each, of one or two classes."""
    classes = tuple(f"class {place}" for place in range(num_classes))
    videos = []
    for place in range(num_videos):
        rng = np.random.default_rng(place)
        labels = [classes[place % num_classes], classes[(place + 1) % num_classes]]
        starts = np.sort(rng.uniform(0, 0.95 * seconds, 15)).tolist()
        videos.append(
            VideoReport(
                id=f"video_test_{place:07d}",
                subset="test",
                path=path,
                duration_seconds=seconds,
                ground_truth=tuple(
                    Instance(labels[i % 10 == 0], s, s + 0.02 * seconds)
                    for i, s in enumerate(starts)
                ),
                points=tuple(Point(s + 0.01 * seconds, labels[0]) for s in starts[:5]),
                findings=tuple(
                    random_findings(
                        labels,
                        seconds,
                        seed=1000 * model + place,
                        num_classes=num_classes,
                        **sizes,
                    )
                    for model in range(num_models)
                ),
            )
        )
    truth = {video.id: video.ground_truth for video in videos}
    models = tuple(
        Model(
            name,
            evaluate(
                truth, {v.id: v.findings[place].detections for v in videos}
            ).scores,
        )
        for place, name in enumerate(("SODA", "baseline")[:num_models])
    )
    return RunReport(
        title="made up",
        classes=classes,
        videos=tuple(videos),
        models=models,
        command="luigi --module tasks Report",
    )
