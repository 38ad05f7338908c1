"""The scores of an evaluation in percent, as its JSON file holds them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pipeline.evaluation.oddities import Oddities

ByThreshold = dict[str, float]  # percent, by tIoU threshold such as "0.5"


@dataclass(frozen=True)
class VideoCounts:
    """The number of videos that the scores are based on."""

    scored: int  # in the ground truth and in the detections
    of: int  # in the ground truth
    unlisted: int  # in the detections, but not in the ground truth


@dataclass(frozen=True)
class Bounds:
    """The range of the mAP in the middle 95 % of the bootstrap's draws."""

    draws: int
    low: ByThreshold
    high: ByThreshold
    average_low: float
    average_high: float


@dataclass(frozen=True)
class Scores:
    """Average precision in percent, with all that a reader needs to judge it."""

    evaluator: str
    ap: str  # interpolated or plain
    videos: VideoCounts
    oddities: Oddities  # warnings about the input
    map: ByThreshold
    average_map: float
    bootstrap: Bounds | None  # None: not asked for
    classes: dict[str, ByThreshold]

    def to_json(self) -> dict[str, Any]:
        """Return the scores as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Scores":
        """Return the scores of an evaluation's JSON, whatever else it holds."""
        own = {field.name: values[field.name] for field in fields(cls)}
        bounds = own["bootstrap"]
        own |= {
            "videos": VideoCounts(**own["videos"]),
            "oddities": Oddities(**own["oddities"]),
            "bootstrap": bounds and Bounds(**bounds),
        }
        return cls(**own)
