"""Hints from a first model, which lead people to where a click helps most."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pipeline.annotation.background import InTheBackground
from pipeline.annotation.store import PointsStore
from pipeline.datasets import BACKGROUND, Point
from pipeline.detection.activations import Response
from pipeline.features.file import read_features, write_features
from pipeline.inference.detector import Detector
from pipeline.points.suggestion import SuggestConfig, suggest
from pipeline.progress import ShareDone
from pipeline.storage import file_stamp, fingerprint

DIGITS = 3  # of activations, enough to draw them

# The response of a model to one video, and the sequences of its networks.
Look = tuple[Response, Float[np.ndarray, "networks categories cells"]]


class Hints:
    """Activations of each video, and the moments at which a click helps most.

    Features are extracted when a video is first shown, and kept in the cache folder.
    """

    def __init__(
        self, model: Path, store: PointsStore, cache: Path, device: str = "auto"
    ) -> None:
        """Load the model.

        Raises:
            SodaError: The model cannot be used (see `Detector`).
        """
        self._detector = Detector(model, device)
        self._store, self._cache = store, cache
        self._looks = InTheBackground(self._look)

    def of(self, number: int) -> dict[str, Any]:
        """Return the hints that the page shows for a video, or their progress.

        The best moments depend on the clicks so far, so the page asks again after each
        click.
        """
        state = self._looks.ask(number)
        if state.result is None:
            return state.waiting()
        (response, sequences), id = state.result, self._store.dataset.videos[number].id
        entry = self._store.entries().get(id, {"points": []})
        points = [Point(p["seconds"], p["label"]) for p in entry["points"]]
        best = suggest(sequences, response.grid, points, SuggestConfig())
        return {
            "categories": [BACKGROUND, *response.classes],
            "seconds": response.cell_seconds.round(DIGITS).tolist(),
            "cas": response.prediction.cas.round(DIGITS).tolist(),
            "suggestions": [{"seconds": s.seconds, "reason": s.reason} for s in best],
        }

    def close(self) -> None:
        """Interrupt the work in progress."""
        self._looks.close()

    def _look(self, number: int, progress: ShareDone) -> Look:
        detector = self._detector
        video = self._store.dataset.videos[number].path.resolve()
        key = fingerprint([video, *file_stamp(video), detector.made_of])
        path = self._cache / f"{key}.safetensors"
        if not path.exists():
            write_features(path, detector.extract(video, progress), {})
        features, grid = read_features(path)
        predictor = detector.predictor
        response = Response(predictor.predict(features), grid, detector.classes)
        return response, predictor.predict_networks(features)
