"""What a model says of one video, apart from the model, which needs PyTorch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Prediction:
    """What a model says of one video."""

    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    video_scores: Float[np.ndarray, "categories"]  # softmax of the aggregated cas
