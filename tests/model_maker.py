"""A tiny model folder, untrained, as TrainSODA would write it."""

from pathlib import Path

import torch

from models.config import TrainConfig
from models.predictor import Predictor
from models.soda import build_soda
from pipeline.detection.proposals import DetectConfig
from pipeline.model_folder.folder import save_model
from pipeline.model_folder.versions import versions
from pipeline.storage import plain

SMALL = TrainConfig(cells=12, hidden=8)
MADE_OF = {"format": 0, "features": {"extractor": "none"}}


def write_model(folder: Path, config: TrainConfig = SMALL) -> Predictor:
    """Write it, and give its predictor."""
    torch.manual_seed(0)
    model = build_soda(6, 2, config).eval()
    description = {
        "classes": ["jump", "squat"],
        "features": 6,
        "train": plain(config),
        "detect": plain(DetectConfig()),
        "made_of": MADE_OF,
        "dataset": "tiny",
        "training_videos": {"used": 3, "of": 4},
        "clicks": {"origin": "by hand", "clicks": {"action": 5, "background": 6}},
        "command": "luigi --module tasks Evaluate --dataset tiny",
        "versions": versions(),
    }
    save_model(folder, model, description, [])
    return Predictor(model, config, torch.device("cpu"))
