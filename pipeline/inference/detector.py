"""A trained model for videos as they are, without a dataset or caches."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.config import TrainConfig
from models.predictor import Predictor
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.detection.proposals import DetectConfig, detect_actions
from pipeline.device import choose_device
from pipeline.errors import SodaError, UsageError
from pipeline.features.extraction import Recipe, read_features
from pipeline.features.streaming import stream_features
from pipeline.features.weights import find_network
from pipeline.model_folder.folder import load_model
from pipeline.progress import ShareDone, silent
from pipeline.storage import plain


class Detector:
    """A model folder, read once and used on any number of videos."""

    def __init__(self, model: str | Path, device: str = "auto") -> None:
        """Load the model, and find the weights that its features were made with.

        Raises:
            UsageError: The device does not exist here, or the model is of features
                that are not made of videos here.
            InputNotFoundError: The folder holds no model.
            WeightsError: The weights of the model's features are not to be had.
            SodaError: They are others than those it was trained with.
        """
        soda, description = load_model(Path(model))
        self.made_of = description["made_of"]
        for section, kind in (("simulation", "simulated"), ("imported", "imported")):
            if section in self.made_of:
                raise UsageError(
                    f"{model}: trained on {kind} features, which cannot be made of a "
                    "video here; give a model that was trained on videos"
                )
        self.device = choose_device(device)
        train = TrainConfig(**description["train"])
        self.predictor = Predictor(soda, train, self.device)
        self.classes = tuple(description["classes"])
        self.config = detect_config(description)
        self.weights = weights_like(description)

    def respond(self, video: str | Path, progress: ShareDone = silent) -> Response:
        """Look at a video, which makes its features in a single pass.

        Raises:
            VideoError: It cannot be used.
        """
        with tempfile.TemporaryDirectory(prefix="soda-") as folder:
            path = Path(folder, "features.safetensors")
            self.extract(video, path, progress)
            features, grid = read_features(path)
        return Response(self.predictor.predict(features), grid, self.classes)

    def extract(
        self, video: str | Path, output: Path, progress: ShareDone = silent
    ) -> None:
        """Write the features of a video in a single pass.

        Raises:
            VideoError: It cannot be used.
        """
        stream_features(
            [Path(video)],
            output,
            self.made_of["decode"],
            self.made_of.get("flow"),
            plain(self._recipe()),
            progress=progress,
        )

    def detections(
        self, response: Response, config: DetectConfig | None = None
    ) -> list[Detection]:
        """What a response says, by descending score.

        None stands for the configuration that the model was trained with.
        """
        chosen = config or self.config
        return detect_actions(response.prediction, self.classes, response.grid, chosen)

    def _recipe(self) -> Recipe:
        """How features are made in the way that the model was trained on."""
        streams = [part for part in self.made_of["weights"] if part != "raft"]
        chosen = "both" if streams[1:] else streams[0]
        config = {**self.made_of["features"], "streams": chosen}
        return Recipe(config, self.weights, str(self.device))


def detect_config(description: dict[str, Any]) -> DetectConfig:
    """How detections are read off, by the configuration of a model."""
    fields = description["detect"]
    return DetectConfig(**{**fields, "cas_thresholds": tuple(fields["cas_thresholds"])})


def weights_like(description: dict[str, Any]) -> dict[str, dict[str, str] | None]:
    """The weights that a model's features were made with, and no others."""
    made_of = description["made_of"]
    chosen: dict[str, dict[str, str] | None] = {}
    for part, expected in made_of["weights"].items():
        if expected == "hof":
            chosen[part] = None
            continue
        then = Path(description["weights"][part]["path"])
        local = then if then.exists() else None
        weights = find_network(part, made_of["features"]["extractor"], local)
        if weights.sha256 != expected:
            raise SodaError(
                f"the model was trained with {part} weights {expected}, "
                f"found {weights.sha256} ({weights.path}, {weights.origin}); features "
                "of other weights mean nothing to it"
            )
        chosen[part] = plain(asdict(weights))
    return chosen
