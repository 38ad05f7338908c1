"""A figure of class activation sequences and ground truth (Fig. 5 and 13 to 18)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.datasets import Video
from pipeline.detection.detections import Detection, read_detections
from pipeline.detection.proposals import normalise
from pipeline.evaluation import EvaluateConfig
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.localizations import localize_class, video_map
from pipeline.experiments.figures.rows import (
    VideoResponses,
    read_responses,
    train_rows,
)
from pipeline.experiments.figures.sequence_panels import Curve, Panel, draw_panels
from pipeline.experiments.figures.sheet import DECIMALS, publish, rounded
from pipeline.experiments.tables import FRAMES, Row, Table
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.stages.detect import detections_file
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

Maps = Mapping[str, Mapping[str, float]]  # percent, by video and row


class Tested(NamedTuple):
    """The responses and detections of a row, by the id of the searched video."""

    responses: dict[str, VideoResponses]
    detections: dict[str, list[Detection]]


def make_sequences(experiment: ExperimentRun) -> StageResult:
    """Train both rows, and draw the videos in which they differ."""
    rows = {
        label: read_tested(row) for label, row in train_rows(experiment, ROWS).items()
    }
    config = experiment.run.config.evaluate
    maps = maps_of_videos(rows, config)
    panels = [make_panel(id, rows, maps, config) for id in choose_videos(maps)]
    numbers = {
        "choice": CHOICE,
        "tiou": config.diagnosis_tiou,
        "video_maps": maps,
        "shown": [panel_json(panel) for panel in panels],
    }
    sheet = draw_panels(panels)
    folder, notes = experiment.folder, experiment.notes
    return publish(folder, ROWS.name, ROWS.title, sheet, numbers, notes)


def read_tested(row: Run) -> Tested:
    """Read the files that detection wrote for a row."""
    responses = {found.video.id: found for found in read_responses(row)}
    return Tested(responses, read_detections(detections_file(row)))


def maps_of_videos(rows: Mapping[str, Tested], config: EvaluateConfig) -> Maps:
    """Return each row's mAP on each test video that has an instance."""
    first = next(iter(rows.values()))
    videos = [found.video for found in first.responses.values()]
    return {
        video.id: {
            label: round(video_map(video, row.detections[video.id], config), DECIMALS)
            for label, row in rows.items()
        }
        for video in videos
        if main_classes(video)
    }


def main_classes(video: Video) -> list[str]:
    """Return the classes that have instances, the most frequent first."""
    labels = [i.label for i in video.instances if i.label in video.labels]
    return [label for label, _ in Counter(labels).most_common()]


def choose_videos(maps: Maps) -> list[str]:
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
    id: str, rows: Mapping[str, Tested], maps: Maps, config: EvaluateConfig
) -> Panel:
    """Return the panel of a video."""
    video = next(iter(rows.values())).responses[id].video
    label = main_classes(video)[0]
    curves = {}
    for name, row in rows.items():
        found = row.responses[id]
        curves[name] = Curve(
            found.cell_seconds,
            normalise(found.cas[found.categories.index(label)]),
            localize_class(video, label, row.detections[id], config),
        )
    return Panel(id, label, maps[id], curves)


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
