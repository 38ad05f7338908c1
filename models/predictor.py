"""Inference with a trained model, including device, eval mode and no_grad."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.config import EnsembleConfig, TrainConfig
from models.ensemble import choose_networks, combine
from models.prediction import Prediction
from models.rescale import rescale
from models.soda import SODA

MASTER = EnsembleConfig()


class Predictor:
    """A trained model that runs on one video at a time (Sec. 6.3)."""

    def __init__(
        self,
        model: SODA,
        config: TrainConfig,
        device: torch.device,
        ensemble: EnsembleConfig = MASTER,
    ) -> None:
        """Move the model to the device and choose the networks of the ensemble."""
        self.model = model.to(device).eval()
        self.networks = choose_networks(list(model.networks), ensemble)
        self.config, self.device, self.ensemble = config, device, ensemble

    def predict(self, features: Float[np.ndarray, "snippets features"]) -> Prediction:
        """Return the class activation sequence over T cells, and the video's scores.

        Raises:
            ValueError: If the features have another width than the model expects, or
                are not finite.
        """
        return self.predict_cells(self._cells(features))

    @torch.no_grad()
    def predict_cells(self, cells: Float[Tensor, "features cells"]) -> Prediction:
        """Return the prediction for a video that is already rescaled to T cells."""
        batch = cells[None].to(self.device)
        sequences = torch.stack([network(batch)[0] for network in self.networks])
        cas, scores = combine(sequences, self.config, self.ensemble)
        return Prediction(cas.cpu().numpy(), scores.cpu().numpy())

    @torch.no_grad()
    def predict_networks(
        self, features: Float[np.ndarray, "snippets features"]
    ) -> Float[np.ndarray, "networks categories cells"]:
        """Return the sequences of all trained networks, not only those that detect.

        Raises:
            ValueError: As in `predict`.
        """
        batch = self._cells(features)[None].to(self.device)
        sequences: np.ndarray = self.model(batch)[:, 0].cpu().numpy()
        return sequences

    def _cells(
        self, features: Float[np.ndarray, "snippets features"]
    ) -> Float[Tensor, "features cells"]:
        self._check(features)
        sequence = torch.from_numpy(features).T
        return rescale(sequence, self.config.cells, self.config.scaling)

    def _check(self, features: Float[np.ndarray, "snippets features"]) -> None:
        first = self.model.master.embed[0]
        assert isinstance(first, nn.Conv1d)
        width = first.in_channels
        if features.shape[1] != width:
            raise ValueError(
                f"expected features of width {width}, on which the model was trained, "
                f"found {features.shape[1]}; extract them with the extractor and the "
                "streams that the model's config.json names"
            )
        if not np.isfinite(features).all():
            raise ValueError(
                "expected finite features, found NaN or infinite values; extract the "
                "features again"
            )
