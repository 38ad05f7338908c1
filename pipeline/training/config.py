"""The configuration of self-training."""

from dataclasses import dataclass
from typing import Annotated, Literal

from models.config import check_choices


@dataclass(frozen=True)
class RefineConfig:
    """The criteria of sure cells; thresholds are on the normalised CAS (Sec. 6.3)."""

    # Chosen on the training videos of UT-Interaction (docs/results.md).
    sure_action: Annotated[
        float, "response above which cells are the core of a proposal"
    ] = 0.225
    sure_background: Annotated[
        float,
        "response of all of the video's classes below which cells are background; "
        "0: no cells",
    ] = 0.0
    refine_from: Annotated[
        Literal["first", "anew"],
        "initial weights of the second model: those of the first, or drawn from the "
        "seed",
    ] = "first"

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        if not 0 <= self.sure_background <= self.sure_action < 1:
            raise ValueError(
                "expected 0 <= sure_background <= sure_action < 1, got "
                f"{self.sure_background} and {self.sure_action}"
            )
