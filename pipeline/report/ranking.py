"""The order of the videos in a report: the worst first."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import numpy as np

from pipeline.report.data import VideoReport
from pipeline.report.verdicts import (
    STATE_WORDS,
    Verdict,
    average_precision,
    count_states,
    verdicts,
)
from pipeline.storage import file_name


@dataclass(frozen=True)
class RankedVideo:
    """A video with its scores and the address of its page."""

    video: VideoReport

    @cached_property
    def percentages(self) -> list[float | None]:
        """The average precision of each model; None without ground truth."""
        fractions = [
            average_precision(self.video, found.detections)
            for found in self.video.findings
        ]
        return [None if f is None else 100 * f for f in fractions]

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the video's instances, by start."""
        return verdicts(self.video)

    @cached_property
    def states(self) -> list[Counter[str]]:
        """The number of instances in each state, for each model."""
        return [
            count_states(self.verdicts, model)
            for model in range(len(self.video.findings))
        ]

    @property
    def page_name(self) -> str:
        """The file name of the video's page."""
        return f"{file_name(self.video.id)}.html"

    @property
    def href(self) -> str:
        """The address of the video's page, relative to its own folder."""
        return quote(self.page_name)


def worst_first(videos: tuple[VideoReport, ...]) -> list[RankedVideo]:
    """Sort videos by the first model's average precision, ascending.

    Videos without ground truth come last; equally good ones keep their order.
    """
    return sorted(map(RankedVideo, videos), key=_rank)


def _rank(entry: RankedVideo) -> float:
    percentage = entry.percentages[0]
    return np.inf if percentage is None else percentage


def localization(entries: list[RankedVideo], num_models: int) -> dict[str, list[int]]:
    """Count the instances of all videos in each state, for each model."""
    return {
        state: [
            sum(e.states[model][state] for e in entries) for model in range(num_models)
        ]
        for state in STATE_WORDS
    }
