"""The record of the failed videos and their errors."""

import shutil
from pathlib import Path

from pipeline.errors import DamagedFileError, SodaError
from pipeline.storage import TEMPORARY_PREFIX, file_name, read_sealed, write_sealed

MAX_DEATHS = 2  # of workers on a video, until it is given up
MOST_SHOWN = 20  # failures in a list for people


class Ledger:
    """The failures of one stage, with a JSON file for each video."""

    def __init__(self, workdir: Path, stage: str) -> None:
        self.stage = stage
        self.folder = workdir / "failures" / stage

    def record(self, id: str, error: BaseException) -> None:
        """Record the error of a video, replacing an earlier one."""
        entry = {"id": id, "error": type(error).__name__, "message": str(error)}
        if isinstance(error, DamagedFileError):
            entry |= {"path": str(error.path), "damage": error.damage}
        write_sealed(self._path(id), entry)

    def holds(self, id: str) -> bool:
        """Return whether a video has failed."""
        return self._path(id).exists()

    def read(self) -> dict[str, dict[str, str]]:
        """Return all entries by video id, except damaged ones."""
        entries = [
            read_sealed(path)
            for path in sorted(self.folder.glob("*.json"))
            if not path.name.startswith(TEMPORARY_PREFIX)
        ]
        return {entry["id"]: entry for entry in entries if entry}

    def damages(self) -> list[DamagedFileError]:
        """Return the errors of workers that found a file of ours damaged."""
        entries = self.read().values()
        found = {e["path"]: e["damage"] for e in entries if "damage" in e}
        return [DamagedFileError(Path(path), damage) for path, damage in found.items()]

    def listed(self) -> str:
        """Return the first entries, a line each, and the number of further ones."""
        lines = [f"  {id}: {entry['message']}" for id, entry in self.read().items()]
        more = len(lines) - MOST_SHOWN
        rest = [f"  ... and {more} more, in {self.folder}"] if more > 0 else []
        return "\n".join(lines[:MOST_SHOWN] + rest)

    def clear(self) -> None:
        """Remove all entries, so that the videos are tried again."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def blame(self, id: str, path: str, how: str) -> None:
        """Count the death of a worker on a video, a failure after `MAX_DEATHS`.

        The counts are kept on disk and include the deaths of earlier runs. The message
        names the video's files in `path`; `how` ends its sentence about the workers.
        """
        counter = self._deaths / f"{file_name(id)}.json"
        before = read_sealed(counter) or {"deaths": 0}
        deaths = 1 + before["deaths"]
        write_sealed(counter, {"id": id, "deaths": deaths})
        if deaths >= MAX_DEATHS:
            counter.unlink()
            self.record(id, SodaError(f"{path}: {deaths} workers {how}"))

    def forget_deaths(self) -> None:
        """Remove the counts of deaths, at the end of the stage."""
        shutil.rmtree(self._deaths, ignore_errors=True)

    def _path(self, id: str) -> Path:
        return self.folder / f"{file_name(id)}.json"

    @property
    def _deaths(self) -> Path:
        return self.folder / "deaths"
