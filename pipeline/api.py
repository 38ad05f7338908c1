"""The stages as plain functions, for scripts and notebooks: `from pipeline import ...`.

Each takes a path as text or as `Path`. A progress hook is called with the step, how
much of it is done, and how much there is to do.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from extractors.flow import FlowConfig
from pipeline.datasets import dataset_name
from pipeline.detection.detections import Detection, Detections, read_detections
from pipeline.detection.proposals import DetectConfig
from pipeline.device import choose_device
from pipeline.evaluation import EvaluateConfig, Evaluation, read_ground_truth
from pipeline.evaluation import evaluate as score
from pipeline.fanout import Resources, default_jobs
from pipeline.features.extraction import FeatureConfig, Recipe, read_features
from pipeline.features.streaming import stream_features
from pipeline.features.weights import choose_weights
from pipeline.grid import SnippetGrid
from pipeline.inference.detector import Detector
from pipeline.progress import ShareDone, silent
from pipeline.run.config import Config, default_preset, make_config
from pipeline.run.run import Run
from pipeline.run.stage import run_up_to
from pipeline.storage import plain
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
        progress: Told how far it has come.

    Raises:
        UsageError: The device does not exist here, or the model is of features that
            are not made of videos here.
        VideoError: The video cannot be used.
        InputNotFoundError: The folder holds no model.
        WeightsError: The weights of the model's features are not to be had.
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
    """Make the features of one video, and say where its snippets lie.

    Args:
        video: A file that FFmpeg reads.
        features: None means I3D of RGB and of flow, as in the paper.
        decode: None means 25 frames per second with a short side of 256 pixels.
        flow: None means TV-L1.
        device: `cpu`, `cuda` or `auto`.
        progress: Told how far it has come.

    Raises:
        UsageError: The device does not exist here.
        VideoError: The video cannot be used.
        WeightsError: The weights of a network are not to be had.
    """
    chosen = features or FeatureConfig()
    weights = {
        stream: choose_weights(stream, chosen.extractor, chosen.flow_features, None)
        for stream in chosen.stream_names
    }
    recipe = Recipe(plain(chosen), plain(weights), str(choose_device(device)))
    with tempfile.TemporaryDirectory(prefix="soda-") as folder:
        path = Path(folder, "features.safetensors")
        stream_features(
            [Path(video)],
            path,
            plain(decode or DecodeConfig()),
            plain(flow or FlowConfig()),
            plain(recipe),
            progress=share_of("extract", progress),
        )
        return read_features(path)


def train(
    dataset: str | Path,
    config: Config | None = None,
    workdir: str | Path | None = None,
    videos: str | Path | None = None,
    points_file: str | Path = "",
    device: str = "auto",
    jobs: int | None = None,
) -> Path:
    """Train a model on a dataset, and return its folder; what was done is kept.

    Args:
        dataset: What `--dataset` takes: a name, or a JSON file.
        config: All parameters, by `make_config`; None means the dataset's preset.
        workdir: Where outputs go; None means `work/DATASET`.
        videos: Where the videos lie; None means where the dataset says.
        points_file: People's clicks; nothing means simulated ones.
        device: `cpu`, `cuda` or `auto`.
        jobs: Videos that are worked on side by side; None means one a processor.

    Raises:
        SodaError: The dataset or the parameters cannot be used; the message says why.
        FailedVideosError: Some videos failed.
        WeightsError: The weights of a network are not to be had.
    """
    run = Run(
        dataset_name=str(dataset),
        config=config or make_config(default_preset(str(dataset)), {}),
        workdir=Path(workdir or Path("work", dataset_name(Path(dataset)))),
        videos_folder=Path(videos) if videos else None,
        device=device,
        resources=Resources(jobs or default_jobs()),
        points_source=str(points_file),
    )
    run_up_to(run, run.model_stage)
    return run.folder(run.model_stage)


def evaluate(
    detections: str | Path | Detections,
    ground_truth: str | Path,
    config: EvaluateConfig | None = None,
    subset: str = "test",
) -> Evaluation:
    """Score detections, of whatever system.

    Args:
        detections: By video id; or a file of ActivityNet's results form, or CSV.
        ground_truth: Annotations in ActivityNet's form, or a manifest.
        config: None means the rule and the tIoUs of THUMOS14.
        subset: As the annotations name it.

    Raises:
        InputNotFoundError: No such file.
        AnnotationError: A file cannot be read so.
    """
    if isinstance(detections, str | Path):
        detections = read_detections(Path(detections))
    truth = read_ground_truth(Path(ground_truth), subset)
    return score(truth, detections, config or EvaluateConfig())


def share_of(step: str, hook: Hook | None) -> ShareDone:
    """A hook's view of a step that tells the share that is done."""
    return (lambda share: hook(step, share, 1.0)) if hook else silent
