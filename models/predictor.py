"""Use of a trained model: owns the device, eval mode and no_grad."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from models.aggregation import topk_mean
from models.config import TrainConfig
from models.rescale import rescale
from models.soda import SODA


@dataclass(frozen=True)
class Prediction:
    """What the master network says of one video."""

    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    video_scores: Float[np.ndarray, "categories"]  # softmax of the top-k means


class Predictor:
    """Runs the master network on one video at a time (Sec. 6.3)."""

    def __init__(self, model: SODA, config: TrainConfig, device: torch.device) -> None:
        self.network = model.master.to(device).eval()
        self.config = config
        self.device = device

    @torch.no_grad()
    def predict(self, features: Float[np.ndarray, "snippets features"]) -> Prediction:
        """The class activation sequence over T cells, and the video's scores."""
        sequence = torch.from_numpy(features).T.to(self.device)
        cas = self.network(rescale(sequence, self.config.cells)[None])[0]
        scores = topk_mean(cas, self.config.topk_divisor).softmax(dim=0)
        return Prediction(cas.cpu().numpy(), scores.cpu().numpy())
