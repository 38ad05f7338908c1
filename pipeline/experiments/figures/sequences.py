"""A figure of class activation sequences and ground truth (Fig. 5 and 13 to 18)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.datasets import Instance, Video
from pipeline.detection.activations import read_response
from pipeline.detection.detections import Detection, Detections, read_detections
from pipeline.detection.proposals import normalise
from pipeline.evaluation import EvaluateConfig, evaluate, localization_states
from pipeline.experiments.cells import searched_with_features, train_rows
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.sequence_panels import (
    Curve,
    Localization,
    Panel,
    draw_panels,
)
from pipeline.experiments.figures.sheet import DECIMALS, Drawing, rounded
from pipeline.experiments.tables import FRAMES, Row, Table
from pipeline.intervals import Interval
from pipeline.run.run import Run
from pipeline.stages.detect import cas_file, detections_file
from pipeline.storage import plain

ROWS = Table(
    "figure-5",
    "Class activation sequences of the baseline and of SODA (Fig. 5)",
    (Row("baseline", {"train": FRAMES}), Row("SODA", {}, 35.6)),
)
MOST_GAINING = 3
CHOICE = (
    "The searched videos are ranked by the gain of their own average mAP from the "
    "baseline to SODA. The figure shows those that gain most, and the one that gains "
    "least or loses most, each with its most frequent class. Sequences are scaled to "
    "[0, 1], as in detection."
)


def make_sequences(experiment: ExperimentRun) -> Drawing:
    """Train both rows, and draw the videos in which they differ."""
    rows = train_rows(experiment, ROWS)
    found = {name: read_detections(detections_file(row)) for name, row in rows.items()}
    config = experiment.run.config.evaluate
    videos = {v.id: v for v in searched_with_features(experiment.run)}
    maps = {
        id: {name: video_map(video, found[name][id], config) for name in rows}
        for id, video in videos.items()
        if main_classes(video)
    }
    panels = [
        make_panel(videos[id], maps[id], rows, found, config)
        for id in choose_videos(maps)
    ]
    numbers = {
        "choice": CHOICE,
        "tiou": config.diagnosis_tiou,
        "video_maps": maps,
        "shown": [panel_json(panel) for panel in panels],
    }
    return ROWS.title, draw_panels(panels), numbers


def video_map(
    video: Video, detections: Sequence[Detection], config: EvaluateConfig
) -> float:
    """Return the average mAP of a single video in percent, over its classes."""
    once = replace(config, bootstrap=0)
    evaluation = evaluate({video.id: video.instances}, {video.id: detections}, once)
    return round(100 * float(evaluation.mean_average_precision.mean()), DECIMALS)


def main_classes(video: Video) -> list[str]:
    """Return the classes that have instances, the most frequent first."""
    labels = [i.label for i in video.instances if i.label in video.labels]
    return [label for label, _ in Counter(labels).most_common()]


def choose_videos(maps: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the ids of the videos to show, as `CHOICE` describes.

    All videos are shown if there are no more than that.

    >>> choose_videos({"a": {"x": 5, "y": 6}, "b": {"x": 1, "y": 9}})
    ['b', 'a']
    """

    def gain(id: str) -> float:
        first, *_, last = maps[id].values()
        return last - first

    ranked = sorted(maps, key=gain, reverse=True)
    return [*ranked[:MOST_GAINING], *ranked[MOST_GAINING:][-1:]]


def make_panel(
    video: Video,
    maps: Mapping[str, float],
    rows: Mapping[str, Run],
    found: Mapping[str, Detections],
    config: EvaluateConfig,
) -> Panel:
    """Return the panel of a video."""
    label = main_classes(video)[0]
    curves = {}
    for name, row in rows.items():
        response = read_response(cas_file(row, video.id))
        curves[name] = Curve(
            response.cell_seconds,
            normalise(response.prediction.cas[1 + response.classes.index(label)]),
            localize_class(video, label, found[name][video.id], config),
        )
    return Panel(video.id, label, maps, curves)


def localize_class(
    video: Video, label: str, detections: Sequence[Detection], config: EvaluateConfig
) -> Localization:
    """Judge each instance of a class, given detections by descending score."""
    instances = tuple(i for i in video.instances if i.label == label)
    own = [d for d in detections if d.label == label]
    return Localization(
        instances,
        tuple(localization_states(instances, own, config.diagnosis_tiou)),
        tuple(_best_overlapping(instance, own) for instance in instances),
    )


def _best_overlapping(
    instance: Instance, detections: Sequence[Detection]
) -> Interval | None:
    for found in detections:
        end = min(found.end_seconds, instance.end_seconds)
        if end > max(found.start_seconds, instance.start_seconds):
            return found.start_seconds, found.end_seconds
    return None


def panel_json(panel: Panel) -> dict[str, Any]:
    """Return a panel as JSON, with the state of each instance for each row."""
    return {
        "video": panel.id,
        "class": panel.label,
        "map": panel.maps,
        "rows": {
            name: {
                "cell_seconds": rounded(curve.cell_seconds),
                "responses": rounded(curve.responses),
                **plain(curve.localization),
            }
            for name, curve in panel.curves.items()
        },
    }
