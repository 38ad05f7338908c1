"""Reading and writing of the folder that holds a trained model."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch.utils.tensorboard import SummaryWriter

from models.config import TrainConfig
from models.soda import SODA, build_soda
from pipeline.errors import InputNotFoundError
from pipeline.model_folder.card import model_card
from pipeline.model_folder.newest import CARD, MODEL_FILE
from pipeline.storage import (
    atomic_path,
    plain,
    read_json,
    stay_inside,
    whole,
    write_json,
    write_text,
    writing,
)


def save_model(
    folder: Path,
    model: SODA,
    description: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
) -> None:
    """Write the model folder, with `model.safetensors` last."""
    (folder / "metrics.json").unlink(missing_ok=True)  # scores of an earlier model
    write_json(folder / "config.json", plain(description))
    lines = [json.dumps(terms) for terms in history]
    write_text(folder / "metrics.jsonl", "".join(line + "\n" for line in lines))
    write_events(folder / "events", history)
    write_text(folder / CARD, model_card(description))
    with atomic_path(folder / MODEL_FILE) as temporary:
        state = {k: v.cpu().contiguous() for k, v in model.state_dict().items()}
        save_file(state, temporary)


def write_events(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write each loss term as `loss/<term>` for TensorBoard, replacing a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    with writing(folder), SummaryWriter(str(folder)) as writer:
        for terms in history:
            for name, value in terms.items():
                if name != "epoch":
                    writer.add_scalar(f"loss/{name}", value, int(terms["epoch"]))


def load_model(folder: Path) -> tuple[SODA, dict[str, Any]]:
    """Read the networks and the description from a model folder.

    Raises:
        InputNotFoundError: If the folder holds no model.
        UsageError: If a file of the model is a link that leads out of the folder.
        DamagedFileError: If a file is broken.
    """
    for name in (MODEL_FILE, "config.json"):
        if not stay_inside(folder / name, folder).is_file():
            raise InputNotFoundError(
                f"{folder}: expected a model folder with {name} (TrainSODA writes one "
                f"under WORKDIR/models), found none"
            )
    with whole(folder / "config.json"):
        description: dict[str, Any] = read_json(folder / "config.json")
        train = TrainConfig(**description["train"])
        model = build_soda(description["features"], len(description["classes"]), train)
    with whole(folder / MODEL_FILE):
        model.load_state_dict(load_file(folder / MODEL_FILE))
    return model.eval(), description
