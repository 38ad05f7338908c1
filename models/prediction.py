"""The output of a model for one video, in a module that does not need PyTorch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Prediction:
    """The output of a model for one video."""

    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    video_scores: Float[np.ndarray, "categories"]  # softmax of the aggregated cas
