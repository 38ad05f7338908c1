"""The parameters of the networks and of their training."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

Scaling = Literal["linear", "sampled"]
FrameLoss = Literal["softmax", "sigmoid", "focal", "none"]
Distance = Literal["l1", "l2", "kl"]
Combination = Literal["mean", "max"]


@dataclass(frozen=True)
class TrainConfig:
    """The parameters of SODA, with the paper's values for THUMOS14 as defaults.

    Sections, equations, tables and figures are those of the paper.
    """

    cells: Annotated[
        int, "T: number of cells that every video is rescaled to (Sec. 6.3)"
    ] = 750
    scaling: Annotated[
        Scaling,
        "rescaling to T cells: linear interpolation (Sec. 6.3), or one snippet per "
        "cell as in BaSNet: the central one, or in training a random one of the cell "
        "if the video has more than T snippets",
    ] = "linear"
    hidden: Annotated[int, "channels of the two hidden layers (Fig. 4)"] = 2048
    dropout: Annotated[float, "dropout before the classifier (Fig. 4)"] = 0.7
    aggregation: Annotated[
        Literal["topk_mean", "average", "temporal_softmax", "category_softmax"],
        "aggregation of responses over time to video scores (Eq. 10, 5, 6-7, 8-9)",
    ] = "topk_mean"
    topk_divisor: Annotated[int, "k = T / this in the top-k mean (Eq. 10)"] = 8
    networks: Annotated[int, "M: one master and M - 1 auxiliaries (Sec. 5)"] = 2
    background_label: Annotated[
        int, "y_0 of Eq. 1; 0 = astute background response, 1 = baseline (Sec. 4)"
    ] = 0
    frame_loss: Annotated[
        FrameLoss,
        "loss at the clicks: cross-entropy (Eq. 2), binary cross-entropies, Eq. 2 "
        "weighted by (1 - p)^2, or none: video labels only (Table 4)",
    ] = "softmax"
    distillation: Annotated[
        Distance, "distance between auxiliaries and master (Eq. 3, Table 9)"
    ] = "l1"
    distill_on: Annotated[
        Literal["cas", "video_scores"],
        "outputs that the distillation compares (Eq. 3, Table 9)",
    ] = "cas"
    distill_space: Annotated[
        Literal["raw", "softmax"],
        "compare raw outputs (Eq. 3), or a softmax over background and the video's "
        "classes; kl always uses the softmax",
    ] = "raw"
    distill_detach: Annotated[
        Literal["none", "master", "auxiliary"],
        "the side that gets no gradient from the distillation (Sec. 5)",
    ] = "none"
    distillation_weight: Annotated[
        float, "lambda of Eq. 4, the weight of the distillation"
    ] = 0.6
    learning_rate: Annotated[float, "learning rate of Adam (Sec. 6.3)"] = 1e-4
    weight_decay: Annotated[float, "weight decay of Adam (Sec. 6.3)"] = 5e-4
    batch_size: Annotated[int, "videos per batch (Sec. 6.3)"] = 16
    epochs: Annotated[int, "passes over the training videos (Sec. 6.3)"] = 150
    precision: Annotated[
        Literal["float32", "bfloat16"],
        "precision of the convolutions in training; bfloat16 is three times as fast on "
        "a processor with AMX",
    ] = "float32"
    seed: Annotated[int, "seed of initialisation, dropout, order and sampling"] = 0

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        check_at_least(
            1, self, "cells", "hidden", "topk_divisor", "networks", "batch_size"
        )
        check_at_least(
            0, self, "distillation_weight", "learning_rate", "weight_decay", "epochs"
        )
        if self.background_label not in (0, 1):
            raise ValueError(
                f"background_label must be 0 or 1, got {self.background_label}"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")


@dataclass(frozen=True)
class EnsembleConfig:
    """The choice of the trained networks that detect; in SODA the master (Sec. 5)."""

    use: Annotated[
        Literal["master", "auxiliary", "late", "cas_first"],
        "networks that detect: the master, the first auxiliary, all networks with "
        "scores and sequences combined separately (late), or all networks with scores "
        "computed from the combined sequence (cas_first) (Table 7)",
    ] = "master"
    scores: Annotated[Combination, "how `late` combines video scores"] = "mean"
    cas: Annotated[Combination, "how sequences are combined"] = "mean"


def check_choices(config: type[Any], values: Mapping[str, Any]) -> None:
    """Check that each value is a choice of its field's `Literal`.

    Raises:
        ValueError: If one is not. The message names the field, its choices and the
            value.
    """
    hints = get_type_hints(config)
    for name, value in values.items():
        choices = get_args(hints[name]) if get_origin(hints[name]) is Literal else ()
        if choices and value not in choices:
            raise ValueError(
                f"{name} must be one of {', '.join(choices)}, got {value!r}"
            )


def check_at_least(least: float, config: Any, *names: str) -> None:
    """Check that the named fields are finite and not smaller than `least`.

    Raises:
        ValueError: If one is not. The message names the field and its value.
    """
    for name in names:
        value = getattr(config, name)
        if not least <= value < math.inf:
            raise ValueError(
                f"{name} must be a finite number, at least {least:g}, got {value}"
            )
