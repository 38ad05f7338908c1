"""Every number of the networks and of their training."""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class TrainConfig:
    """SODA as in the paper (THUMOS14); sections and equations are the paper's."""

    cells: Annotated[int, "T: every video is rescaled to so many cells (Sec. 6.3)"] = (
        750
    )
    hidden: Annotated[int, "channels of the two hidden layers (Fig. 4)"] = 2048
    dropout: Annotated[float, "dropout before the classifier (Fig. 4)"] = 0.7
    topk_divisor: Annotated[int, "k = T / this in the top-k mean (Eq. 10)"] = 8
    networks: Annotated[int, "M: one master and M - 1 auxiliaries (Sec. 5)"] = 2
    background_label: Annotated[
        int, "y_0 of Eq. 1; 0 = astute background response, 1 = baseline (Sec. 4)"
    ] = 0
    distillation_weight: Annotated[float, "lambda of Eq. 4"] = 0.6
    learning_rate: Annotated[float, "of Adam (Sec. 6.3)"] = 1e-4
    weight_decay: Annotated[float, "of Adam (Sec. 6.3)"] = 5e-4
    batch_size: Annotated[int, "videos in a batch (Sec. 6.3)"] = 16
    epochs: Annotated[int, "passes over the training videos (Sec. 6.3)"] = 150
    seed: Annotated[int, "of initialisation, dropout and order"] = 0

    def __post_init__(self) -> None:
        for name in ("cells", "hidden", "topk_divisor", "networks", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1, got {getattr(self, name)}"
                )
        if self.background_label not in (0, 1):
            raise ValueError(
                f"background_label must be 0 or 1, got {self.background_label}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {self.dropout}")
        if self.epochs < 0:
            raise ValueError(f"epochs must not be negative, got {self.epochs}")
