"""What the workers of a round have printed."""

from pathlib import Path

from pipeline.errors import SodaError
from pipeline.storage import read_json

TAIL_CHARACTERS = 4000
# How faulthandler begins, of a worker that ended itself, and of one that crashed.
STUCK = "Timeout ("
CRASHED = "Fatal Python error: "


def log_path(folder: Path, k: int) -> Path:
    """The log of worker k."""
    return folder / f"log-{k}.txt"


def log_tail(folder: Path, k: int) -> str:
    """The end of worker k's log; nothing where there is none."""
    path = log_path(folder, k)
    return path.read_text(errors="replace")[-TAIL_CHARACTERS:] if path.exists() else ""


def raise_error_of(folder: Path, k: int) -> None:
    """Pass on a worker's own end: an error that is no video's concerns everybody.

    Raises:
        SodaError: That is how worker k ended.
    """
    path = folder / f"error-{k}.json"
    if path.exists():
        content = read_json(path)
        error = SodaError(content["message"])
        error.exit_code = content["exit_code"]
        raise error


def says_stuck(folder: Path, k: int) -> bool:
    """Whether worker k has ended itself for want of progress."""
    return any(line.startswith(STUCK) for line in log_tail(folder, k).splitlines())


def crash_of(folder: Path, k: int) -> str | None:
    """What worker k crashed of, such as "Segmentation fault"; None if it did not."""
    path = log_path(folder, k)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    crashes = [line for line in lines if line.startswith(CRASHED)]
    return crashes[-1].removeprefix(CRASHED) if crashes else None
