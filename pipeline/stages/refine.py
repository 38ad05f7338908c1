"""A second model, trained on what the first one is sure of."""

from pipeline.model_folder.newest import CARD, MODEL_FILE
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.stages.features import FEATURES
from pipeline.stages.points import POINTS
from pipeline.stages.train import TRAIN, train_labels


def refine_model(run: Run) -> StageResult:
    """Train on what the first model is sure of; write a second model folder."""
    # PyTorch takes seconds to import
    import torch

    from models.predictor import Predictor
    from pipeline.model_folder.folder import load_model
    from pipeline.stages.fitting import fit_into, read_samples
    from pipeline.training.self_training import refine_samples

    samples = read_samples(run)
    model, _ = load_model(TRAIN.folder(run))
    predictor = Predictor(model, run.config.train, torch.device(run.device))
    sequences = [predictor.predict_cells(features).cas for features in samples.features]
    refined = refine_samples(samples, sequences, run.config.refine)
    start = model.state_dict() if run.config.refine.refine_from == "first" else None
    fit_into(REFINE.folder(run), refined, run, start)
    return StageResult()


def model_stage(run: Run) -> Stage:
    """Return the stage whose model detects."""
    return REFINE if run.config.detect.model == "refined" else TRAIN


REFINE: Stage = Stage(
    name="refine",
    task="RefineSODA",
    folder_name="models",
    kind="models",
    builds_on=(FEATURES, POINTS, TRAIN),
    sections=("refine",),
    content=train_labels,
    work=refine_model,
    outputs=lambda run: [REFINE.folder(run) / MODEL_FILE],
    rewritten=(CARD,),
    label="model",
    slurm="train",
    is_sent=True,
    next=lambda run: "DetectActions --model refined",
)
