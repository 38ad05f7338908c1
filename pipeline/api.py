"""The pipeline as functions, for scripts and notebooks: `from pipeline import ...`.

Each takes a path as text or as `Path`. A progress hook is called with the step, how
much of it is done, and how much there is to do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from extractors.flow import FlowConfig
from pipeline.detection.detections import Detection, Detections, read_detections
from pipeline.detection.proposals import DetectConfig
from pipeline.device import choose_device
from pipeline.evaluation import (
    EvaluateConfig,
    Evaluation,
    match_detections,
    read_ground_truth,
)
from pipeline.evaluation import evaluate as score
from pipeline.features.config import FeatureConfig
from pipeline.features.extraction import Networks
from pipeline.features.streaming import extract_streamed
from pipeline.features.weights import choose_weights
from pipeline.grid import SnippetGrid
from pipeline.inference.detector import Detector
from pipeline.progress import ShareDone, silent
from pipeline.run.config import Config, default_preset, make_config
from pipeline.run.options import make_options
from pipeline.run.run import Run
from pipeline.run.work import run_up_to
from pipeline.stages.refine import model_stage
from pipeline.video import DecodeConfig

Hook = Callable[[str, float, float], None]  # step, completed, total


def detect(
    video: str | Path,
    model: str | Path,
    device: str = "auto",
    config: DetectConfig | None = None,
    progress: Hook | None = None,
) -> list[Detection]:
    """Detect actions in one video of any kind, by descending score.

    For several videos, `Detector` loads the model once.

    Args:
        video: A file that FFmpeg reads.
        model: A folder that TrainSODA wrote.
        device: `cpu`, `cuda` or `auto`.
        config: None means the one that the model was trained with.

    Raises:
        UsageError: The device does not exist here, or the model was trained on
            features that cannot be made from videos here.
        VideoError: The video cannot be used.
        InputNotFoundError: The folder holds no model.
        WeightsError: The weights of the model's features are not available.
    """
    detector = Detector(model, device)
    response = detector.respond(video, share_of("detect", progress))
    return detector.detections(response, config)


def extract(
    video: str | Path,
    features: FeatureConfig | None = None,
    decode: DecodeConfig | None = None,
    flow: FlowConfig | None = None,
    device: str = "auto",
    progress: Hook | None = None,
) -> tuple[Float[np.ndarray, "snippets features"], SnippetGrid]:
    """Extract the features of one video, and the times of its snippets.

    Args:
        video: A file that FFmpeg reads.
        features: None means I3D on RGB and on flow, as in the paper.
        decode: None means 25 frames per second with a short side of 256 pixels.
        flow: None means TV-L1.
        device: `cpu`, `cuda` or `auto`.

    Raises:
        UsageError: The device does not exist here.
        VideoError: The video cannot be used.
        WeightsError: The weights of a network are not available.
    """
    chosen = features or FeatureConfig()
    weights = {
        stream: choose_weights(stream, chosen.extractor, chosen.flow_features, None)
        for stream in chosen.stream_names
    }
    found = extract_streamed(
        Path(video),
        decode or DecodeConfig(),
        flow or FlowConfig(),
        Networks(chosen, weights, choose_device(device)),
        progress=share_of("extract", progress),
    )
    return found.array, found.grid


def train(dataset: str | Path, config: Config | None = None, **options: Any) -> Path:
    """Train a model on a dataset, and return its folder; finished work is kept.

    Args:
        dataset: A dataset's name, or a JSON file, as `--dataset` takes it.
        config: All parameters, from `make_config`; None means the dataset's preset.
        **options: Any option of the command line by its name, as a field of
            `RunOptions`: `workdir`, `videos`, `points_file`, `features_dir`, `device`,
            `jobs`, ... None means its default.

    Raises:
        SodaError: The dataset, an option or a parameter cannot be used; the message
            says why.
        FailedVideosError: Some videos failed.
        WeightsError: The weights of a network are not available.
    """
    chosen = make_options(dataset=str(dataset), **options)
    run = Run(chosen, config or make_config(default_preset(chosen.dataset), {}))
    run_up_to(run, model_stage(run))
    return model_stage(run).folder(run)


def evaluate(
    detections: str | Path | Detections,
    ground_truth: str | Path,
    config: EvaluateConfig | None = None,
    subset: str = "test",
) -> Evaluation:
    """Score the detections of any system.

    Args:
        detections: By video id; or a file in ActivityNet's results form, or CSV.
        ground_truth: Annotations in ActivityNet's form, or a manifest.
        config: None means the rule and the tIoU thresholds of THUMOS14.
        subset: The videos to score, as the annotations name them.

    Raises:
        InputNotFoundError: There is no such file.
        AnnotationError: A file does not have the form that is expected, or no
            detection is in a video of the ground truth.
    """
    if isinstance(detections, str | Path):
        detections = read_detections(Path(detections))
    truth = read_ground_truth(Path(ground_truth), subset)
    found = match_detections(truth, detections)
    return score(truth, found, config or EvaluateConfig())


def share_of(step: str, hook: Hook | None) -> ShareDone:
    """Return a progress function that passes the share of a step to a hook."""
    return (lambda share: hook(step, share, 1.0)) if hook else silent
