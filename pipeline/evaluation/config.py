"""What is measured, and by whose rules."""

from dataclasses import dataclass
from typing import Annotated, Literal

Evaluator = Literal["activitynet", "thumos"]
PrecisionKind = Literal["interpolated", "plain"]
Buckets = Literal["thumos14", "activitynet"]

FEWEST_DRAWS = 100  # with fewer, the outer 2.5 % are a guess


@dataclass(frozen=True)
class EvaluateConfig:
    """What is measured."""

    tiou: Annotated[
        tuple[float, ...], "tIoU thresholds, start:stop:step, both ends counted"
    ] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    evaluator: Annotated[
        Evaluator, "whose rule: the field's, or the THUMOS14 kit's own"
    ] = "activitynet"
    ap: Annotated[
        Literal["auto", "interpolated", "plain"],
        "area under the envelope of precision, or mean precision at the instances "
        "found; auto: as the evaluator's kit does",
    ] = "auto"
    bootstrap: Annotated[
        int, "draws of the test videos for 95 % intervals, 100 or more; 0: none"
    ] = 0
    diagnosis_tiou: Annotated[float, "tIoU from which errors are told apart"] = 0.5
    buckets: Annotated[
        Buckets, "whose bounds from XS to XL sort instances in the diagnosis"
    ] = "thumos14"

    def __post_init__(self) -> None:
        if not self.tiou or not all(0 < value <= 1 for value in self.tiou):
            raise ValueError(f"tiou thresholds must lie in (0, 1], got {self.tiou}")
        if not 0 < self.diagnosis_tiou <= 1:
            raise ValueError(
                f"diagnosis_tiou must lie in (0, 1], got {self.diagnosis_tiou}"
            )
        if self.bootstrap and self.bootstrap < FEWEST_DRAWS:
            raise ValueError(
                f"bootstrap must be 0 or at least {FEWEST_DRAWS} draws, "
                f"got {self.bootstrap}"
            )
