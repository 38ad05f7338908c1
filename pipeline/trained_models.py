"""The models that runs have trained here."""

from pathlib import Path

from pipeline.errors import InputNotFoundError, UsageError
from pipeline.stage_names import FOLDERS

WORK = Path("work")  # holds a work folder a dataset, unless --workdir says otherwise


def find_models(work: Path = WORK) -> list[Path]:
    """The folders of all trained models below the work folders of datasets, sorted."""
    files = work.glob(f"*/{FOLDERS['train']}/*/model.safetensors")
    return sorted(file.parent for file in files)


def the_only_model(work: Path = WORK) -> Path:
    """The model that is meant where none is named.

    Raises:
        InputNotFoundError: There is none.
        UsageError: There are several; they are listed.
    """
    found = find_models(work)
    if not found:
        raise InputNotFoundError(
            f"--model: expected a folder that TrainSODA wrote, found none in "
            f"{work}/*/models; name one, or train one: soda run DATASET --to TrainSODA"
        )
    if len(found) > 1:
        listed = "".join(f"\n  {path}" for path in found)
        raise UsageError(
            f"--model: expected one of {len(found)} models; name it:{listed}"
        )
    return found[0]
