"""The videos that failed, and why."""

import shutil
from pathlib import Path

from pipeline.errors import SodaError
from pipeline.storage import TEMPORARY_PREFIX, file_name, read_json, write_json

# A video in whose company a worker was killed twice is not tried a third time.
MAX_DEATHS = 2
MOST_SHOWN = 20  # failures, where they are listed for a person


class Ledger:
    """The failures of one stage: a JSON file a video."""

    def __init__(self, workdir: Path, stage: str) -> None:
        self.stage = stage
        self.folder = workdir / "failures" / stage

    def record(self, id: str, error: BaseException) -> None:
        """Keep a video's own error; a later one replaces it."""
        entry = {"id": id, "error": type(error).__name__, "message": str(error)}
        write_json(self._path(id), entry)

    def holds(self, id: str) -> bool:
        """Whether a video has failed."""
        return self._path(id).exists()

    def read(self) -> dict[str, dict[str, str]]:
        """All entries by video id."""
        entries = [
            read_json(path)
            for path in sorted(self.folder.glob("*.json"))
            if not path.name.startswith(TEMPORARY_PREFIX)
        ]
        return {entry["id"]: entry for entry in entries}

    def listed(self) -> str:
        """The first entries, a line each, and how many there are beside them."""
        lines = [f"  {id}: {entry['message']}" for id, entry in self.read().items()]
        more = len(lines) - MOST_SHOWN
        rest = [f"  ... and {more} more, in {self.folder}"] if more > 0 else []
        return "\n".join(lines[:MOST_SHOWN] + rest)

    def clear(self) -> None:
        """Remove all entries: the videos get another chance."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def blame(self, id: str, path: str, how: str) -> None:
        """Count a worker's death on a video; after `MAX_DEATHS` it is given up.

        The counts live beside the entries, so that a poisoned video is given up
        however the run is started.

        Args:
            id: The video that was in flight.
            path: Its files, for the message.
            how: What happened to the workers, and what to try.
        """
        counter = self._deaths / f"{file_name(id)}.json"
        deaths = 1 + (read_json(counter)["deaths"] if counter.exists() else 0)
        write_json(counter, {"id": id, "deaths": deaths})
        if deaths >= MAX_DEATHS:
            counter.unlink()
            self.record(id, SodaError(f"{path}: {deaths} workers {how}"))

    def forget_deaths(self) -> None:
        """The stage has ended: what was not given up has come through."""
        shutil.rmtree(self._deaths, ignore_errors=True)

    def _path(self, id: str) -> Path:
        return self.folder / f"{file_name(id)}.json"

    @property
    def _deaths(self) -> Path:
        return self.folder / "deaths"
