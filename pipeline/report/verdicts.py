"""Verdicts on videos and instances: how well each was localized, the worst first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import numpy as np
from jaxtyping import Float

from pipeline.datasets import Instance
from pipeline.datasets.thumos14 import AMBIGUOUS
from pipeline.detection.detections import Detection
from pipeline.evaluation import class_average_precision, localization_states
from pipeline.intervals import tiou
from pipeline.report.data import VideoReport
from pipeline.storage import file_name

JUDGING_TIOU = 0.5
SAME_INTERVAL_TIOU = 0.9  # from which two intervals count as the same

# The words of the paper (Fig. 1), in the order in which pages list them.
STATE_WORDS = {
    "well": "well localized",
    "over": "over-localized",
    "joint": "jointly localized",
    "under": "under-localized",
    "missed": "missed",
}


@dataclass(frozen=True)
class Verdict:
    """An instance, and how well each model localized it."""

    instance: Instance
    states: tuple[str, ...]  # keys of `STATE_WORDS`, per model; empty if ambiguous
    also: tuple[str, ...]  # other labels at the same interval

    @property
    def state(self) -> str:
        """The instance's state for the first model."""
        return self.states[0] if self.states else "ambiguous"

    @property
    def words(self) -> str:
        """The state for the first model, in words for people."""
        return STATE_WORDS.get(self.state, self.state)


def verdicts(video: VideoReport) -> list[Verdict]:
    """Return a verdict on each instance, by start."""
    known = [i for i in video.ground_truth if i.label != AMBIGUOUS]
    by_model = [
        localization_states(known, model.detections, JUDGING_TIOU)
        for model in video.findings
    ]
    told = [
        Verdict(instance, states, _double_labels(video, instance))
        for instance, states in zip(known, zip(*by_model, strict=True), strict=True)
    ]
    ambiguous = [i for i in video.ground_truth if i.label == AMBIGUOUS]
    told += [Verdict(instance, (), ()) for instance in ambiguous]
    return sorted(told, key=lambda verdict: verdict.instance.start_seconds)


def _double_labels(video: VideoReport, instance: Instance) -> tuple[str, ...]:
    """Return the other labels at an instance's interval, as THUMOS14 has them."""
    others = [other for other in video.ground_truth if other.label != instance.label]
    overlaps = tiou(_segments([instance]), _segments(others))
    is_same = overlaps >= SAME_INTERVAL_TIOU
    return tuple(sorted({others[place].label for place in np.flatnonzero(is_same)}))


def _segments(instances: Sequence[Instance]) -> Float[np.ndarray, "instances 2"]:
    ends = [(i.start_seconds, i.end_seconds) for i in instances]
    return np.array(ends, dtype=float).reshape(-1, 2)


def count_states(found: Sequence[Verdict], model: int) -> Counter[str]:
    """Count the instances in each state for one model."""
    return Counter(verdict.states[model] for verdict in found if verdict.states)


def average_precision(
    video: VideoReport, detections: Sequence[Detection]
) -> float | None:
    """Return the average precision at tIoU 0.5 within a video, in percent.

    It is the mean over the video's annotated classes; None without ground truth.
    """
    labels = sorted({i.label for i in video.ground_truth} - {AMBIGUOUS})
    if not labels:
        return None
    precisions = [
        class_average_precision(
            {video.id: [i for i in video.ground_truth if i.label == label]},
            {video.id: [d for d in detections if d.label == label]},
            (JUDGING_TIOU,),
        )
        for label in labels
    ]
    return 100 * float(np.mean(precisions))


@dataclass(frozen=True)
class RankedVideo:
    """A video with its scores and the address of its page."""

    video: VideoReport

    @cached_property
    def percentages(self) -> list[float | None]:
        """The average precision of each model; None without ground truth."""
        findings = self.video.findings
        return [average_precision(self.video, found.detections) for found in findings]

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the video's instances, by start."""
        return verdicts(self.video)

    @cached_property
    def states(self) -> list[Counter[str]]:
        """The number of instances in each state, for each model."""
        models = range(len(self.video.findings))
        return [count_states(self.verdicts, model) for model in models]

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

    def rank(entry: RankedVideo) -> float:
        percentage = entry.percentages[0]
        return np.inf if percentage is None else percentage

    return sorted(map(RankedVideo, videos), key=rank)


def localization(entries: list[RankedVideo], num_models: int) -> dict[str, list[int]]:
    """Count the instances of all videos in each state, for each model."""
    return {
        state: [
            sum(e.states[model][state] for e in entries) for model in range(num_models)
        ]
        for state in STATE_WORDS
    }
