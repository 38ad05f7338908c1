"""A master network and its auxiliaries, trained on features and points."""

from typing import Any

from pipeline.model_folder.newest import CARD, MODEL_FILE
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.features import FEATURES
from pipeline.stages.points import POINTS
from pipeline.storage import plain


def train_model(run: Run) -> StageResult:
    """Train on the training videos that have features; write the model folder."""
    # PyTorch takes seconds to import
    from pipeline.stages.fitting import fit_into, read_samples

    fit_into(TRAIN.folder(run), read_samples(run), run)
    return StageResult()


def train_labels(run: Run) -> Any:
    """Return what training sees of the dataset besides the clicks."""
    videos = run.dataset.of_subset("train")
    return plain([run.dataset.classes, [(v.id, v.labels) for v in videos]])


TRAIN: Stage = Stage(
    name="train",
    task="TrainSODA",
    folder_name="models",
    kind="models",
    builds_on=(FEATURES, POINTS),
    sections=("train",),
    content=train_labels,
    work=train_model,
    outputs=lambda run: [TRAIN.folder(run) / MODEL_FILE],
    rewritten=(CARD,),
    label="model",
    slurm="train",
    is_sent=True,
    next=lambda run: "DetectActions",
)
