"""The trained models below the work folders of datasets."""

from pathlib import Path

from pipeline.errors import InputNotFoundError

MODEL_FILE = "model.safetensors"
CARD = "README.md"  # to which an evaluation adds its scores
WORK = Path("work")  # holds one work folder per dataset, unless --workdir is given


def find_models(work: Path = WORK) -> list[Path]:
    """Return the folders of all models below the work folders of datasets, sorted."""
    return sorted(file.parent for file in work.glob(f"*/models/*/{MODEL_FILE}"))


def newest_model(work: Path = WORK) -> Path:
    """Return the most recently trained model, the default if none is named.

    Raises:
        InputNotFoundError: If there is no trained model.
    """
    found = find_models(work)
    if not found:
        raise InputNotFoundError(
            f"--model: expected a folder that TrainSODA wrote, found none in "
            f"{work}/*/models; name one, or train one: soda run DATASET --to TrainSODA"
        )
    return max(found, key=lambda folder: (folder / MODEL_FILE).stat().st_mtime_ns)
