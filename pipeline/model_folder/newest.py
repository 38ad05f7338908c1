"""The models that runs have trained here."""

from pathlib import Path

from pipeline.errors import InputNotFoundError

MODEL_FILE = "model.safetensors"
WORK = Path("work")  # holds a work folder a dataset, unless --workdir says otherwise


def find_models(work: Path = WORK) -> list[Path]:
    """The folders of all trained models below the work folders of datasets, sorted."""
    files = work.glob(f"*/models/*/{MODEL_FILE}")
    return sorted(file.parent for file in files)


def newest_model(work: Path = WORK) -> Path:
    """The model that is meant where none is named: the one that was trained last.

    Raises:
        InputNotFoundError: There is none.
    """
    found = find_models(work)
    if not found:
        raise InputNotFoundError(
            f"--model: expected a folder that TrainSODA wrote, found none in "
            f"{work}/*/models; name one, or train one: soda run DATASET --to TrainSODA"
        )
    return max(found, key=lambda folder: (folder / MODEL_FILE).stat().st_mtime_ns)
