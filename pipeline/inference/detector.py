"""A trained model applied directly to videos, without a dataset or caches."""

from pathlib import Path
from typing import Any

import torch

from extractors.flow import FlowConfig
from extractors.weights import Weights
from models.predictor import Predictor
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.detection.proposals import DetectConfig, detect_actions
from pipeline.device import choose_device
from pipeline.errors import SodaError, UsageError
from pipeline.features.config import FeatureConfig
from pipeline.features.extraction import Networks
from pipeline.features.file import Features
from pipeline.features.streaming import extract_streamed
from pipeline.features.weights import find_network
from pipeline.model_folder.folder import load_model
from pipeline.progress import ShareDone, silent
from pipeline.run.config import config_from_json
from pipeline.video import DecodeConfig


class Detector:
    """A model folder, read once and used on any number of videos."""

    def __init__(self, model: str | Path, device: str = "auto") -> None:
        """Load a folder that TrainSODA wrote, onto the device `cpu`, `cuda` or `auto`.

        The weights that its features were made with are found, too.

        Raises:
            UsageError: The device does not exist here, or the model was trained on
                features that cannot be made from videos here.
            InputNotFoundError: The folder holds no model.
            WeightsError: The weights of the model's features are not available.
            SodaError: The weights differ from those that the model was trained with.
        """
        soda, description = load_model(Path(model))
        self.made_of = description["made_of"]
        for section, kind in (("simulation", "simulated"), ("imported", "imported")):
            if section in self.made_of:
                raise UsageError(
                    f"{model}: trained on {kind} features, which cannot be made from a "
                    "video here; give a model that was trained on videos"
                )
        self.device = choose_device(device)
        config = config_from_json({s: description[s] for s in ("train", "detect")})
        self.predictor = Predictor(soda, config.train, torch.device(self.device))
        self.classes = tuple(description["classes"])
        self.config = config.detect
        self.networks = networks_like(description, self.device)

    def respond(self, video: str | Path, progress: ShareDone = silent) -> Response:
        """Extract the features of a video and return the model's response to them.

        Raises:
            VideoError: The video cannot be used.
        """
        found = self.extract(video, progress)
        prediction = self.predictor.predict(found.array)
        return Response(prediction, found.grid, self.classes)

    def extract(self, video: str | Path, progress: ShareDone = silent) -> Features:
        """Extract the features that the model needs from a video in a single pass.

        Raises:
            VideoError: The video cannot be used.
        """
        return extract_streamed(
            Path(video),
            DecodeConfig(**self.made_of["decode"]),
            FlowConfig(**self.made_of.get("flow") or {}),
            self.networks,
            progress=progress,
        )

    def detections(
        self, response: Response, config: DetectConfig | None = None
    ) -> list[Detection]:
        """Return the detections of a response, by descending score.

        None as `config` means the one that the model was trained with.
        """
        chosen = config or self.config
        return detect_actions(response.prediction, self.classes, response.grid, chosen)


def networks_like(description: dict[str, Any], device: str) -> Networks:
    """Return the networks that a model's features were made with.

    Raises:
        WeightsError: Their weights are not available.
        SodaError: The weights that were found are different.
    """
    made_of = description["made_of"]
    streams = [part for part in made_of["weights"] if part != "raft"]
    chosen = "both" if streams[1:] else streams[0]
    config = FeatureConfig(**{**made_of["features"], "streams": chosen})
    weights: dict[str, Weights | None] = {}
    for part, expected in made_of["weights"].items():
        if expected == "hof":
            weights[part] = None
            continue
        then = Path(description["weights"][part]["path"])
        local = then if then.is_file() else None
        found = weights[part] = find_network(part, config.extractor, local)
        if found.sha256 != expected:
            raise SodaError(
                f"the model was trained with {part} weights {expected}, "
                f"found {found.sha256} ({found.path}, {found.origin}); it cannot use "
                "features of other weights, so provide the original ones"
            )
    return Networks(config, weights, device)
