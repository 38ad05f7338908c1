"""The logs of the workers of a round."""

from pathlib import Path

from pipeline.errors import SodaError
from pipeline.storage import read_json

TAIL_CHARACTERS = 4000
# The first words of faulthandler for a worker that stalled, and for one that crashed.
STUCK = "Timeout ("
CRASHED = "Fatal Python error: "


def log_path(folder: Path, k: int) -> Path:
    """Return the path of the log of worker k."""
    return folder / f"log-{k}.txt"


def log_tail(folder: Path, k: int) -> str:
    """Return the end of the log of worker k, or an empty text if there is no log."""
    path = log_path(folder, k)
    return path.read_text(errors="replace")[-TAIL_CHARACTERS:] if path.exists() else ""


def raise_error_of(folder: Path, k: int) -> None:
    """Raise the error with which worker k ended, if it concerns all videos.

    Raises:
        SodaError: Worker k ended with such an error.
    """
    path = folder / f"error-{k}.json"
    if path.exists():
        content = read_json(path)
        error = SodaError(content["message"])
        error.exit_code = content["exit_code"]
        raise error


def says_stuck(folder: Path, k: int) -> bool:
    """Return whether worker k has ended itself for lack of progress."""
    return any(line.startswith(STUCK) for line in log_tail(folder, k).splitlines())


def crash_of(folder: Path, k: int) -> str | None:
    """Return how worker k crashed, such as "Segmentation fault"; None if it did not."""
    path = log_path(folder, k)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    crashes = [line for line in lines if line.startswith(CRASHED)]
    return crashes[-1].removeprefix(CRASHED) if crashes else None
