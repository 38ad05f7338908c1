"""What the workers of a round have printed."""

from pathlib import Path

from pipeline.errors import SodaError
from pipeline.storage import read_json

TAIL_CHARACTERS = 4000
STUCK = "Timeout ("  # how faulthandler begins, of a worker that ended itself


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
    error = folder / f"error-{k}.json"
    if error.exists():
        raise SodaError(read_json(error)["message"])


def says_stuck(folder: Path, k: int) -> bool:
    """Whether worker k has ended itself for want of progress."""
    return any(line.startswith(STUCK) for line in log_tail(folder, k).splitlines())
