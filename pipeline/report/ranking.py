"""Which video stands where in the report: the worst first."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from pipeline.evaluation import class_average_precision
from pipeline.fanout import file_name
from pipeline.report.data import VideoReport

RANKING_TIOU = 0.5


@dataclass(frozen=True)
class Entry:
    """A video, how well it went and where its page is."""

    video: VideoReport
    average_precision: float | None  # as a fraction; None: no ground truth

    @property
    def page_name(self) -> str:
        """File name of the video's page."""
        return f"{file_name(self.video.id)}.html"

    @property
    def href(self) -> str:
        """The page's address, seen from its own folder."""
        return quote(self.page_name)


def worst_first(videos: tuple[VideoReport, ...]) -> list[Entry]:
    """Entries by ascending average precision; those without ground truth come last.

    Videos that are equally good keep their order.
    """
    entries = [Entry(video, average_precision(video)) for video in videos]
    return sorted(
        entries,
        key=lambda e: np.inf if e.average_precision is None else e.average_precision,
    )


def average_precision(video: VideoReport) -> float | None:
    """Average precision at tIoU .5 within a video, mean over its annotated classes."""
    labels = sorted({instance.label for instance in video.ground_truth})
    if not labels:
        return None
    return float(
        np.mean(
            [
                class_average_precision(
                    {video.id: _of_class(video.ground_truth, label)},
                    {video.id: _of_class(video.detections, label)},
                    (RANKING_TIOU,),
                )
                for label in labels
            ]
        )
    )


def _of_class(items: tuple[Any, ...], label: str) -> list[Any]:
    return [item for item in items if item.label == label]
