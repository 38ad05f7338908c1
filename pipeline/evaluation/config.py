"""The parameters of an evaluation."""

from dataclasses import dataclass
from typing import Annotated, Literal

Evaluator = Literal["activitynet", "thumos"]
PrecisionKind = Literal["interpolated", "plain"]
Buckets = Literal["thumos14", "activitynet"]

FEWEST_DRAWS = 100  # with fewer, the outer 2.5 % are only a guess


@dataclass(frozen=True)
class EvaluateConfig:
    """The measures of an evaluation, and the rules they follow."""

    tiou: Annotated[
        tuple[float, ...], "tIoU thresholds, start:stop:step, both ends included"
    ] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    evaluator: Annotated[
        Evaluator,
        "matching rule: that of ActivityNet's kit, common in the literature, or that "
        "of THUMOS14's own kit",
    ] = "activitynet"
    ap: Annotated[
        Literal["auto", "interpolated", "plain"],
        "average precision: area under the envelope of precision, or mean precision "
        "at the instances found; auto: as in the evaluator's kit",
    ] = "auto"
    bootstrap: Annotated[
        int,
        "draws of the test videos for 95 % intervals, at least 100; 0: no intervals",
    ] = 0
    diagnosis_tiou: Annotated[float, "tIoU threshold of the diagnosis of errors"] = 0.5
    buckets: Annotated[
        Buckets,
        "benchmark whose size bounds (XS to XL) group instances in the diagnosis",
    ] = "thumos14"

    def __post_init__(self) -> None:
        if not self.tiou or not all(0 < value <= 1 for value in self.tiou):
            raise ValueError(f"tiou thresholds must be in (0, 1], got {self.tiou}")
        if not 0 < self.diagnosis_tiou <= 1:
            raise ValueError(
                f"diagnosis_tiou must be in (0, 1], got {self.diagnosis_tiou}"
            )
        if self.bootstrap and self.bootstrap < FEWEST_DRAWS:
            raise ValueError(
                f"bootstrap must be 0 or at least {FEWEST_DRAWS} draws, "
                f"got {self.bootstrap}"
            )
