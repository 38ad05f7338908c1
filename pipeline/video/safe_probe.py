"""A probe for videos in a separate process, which they may crash or block."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import VideoError
from pipeline.video import VideoInfo, probe

LONGEST_SECONDS = 30.0  # for one process


def probe_apart(paths: Sequence[Path]) -> list[VideoInfo | None]:
    """Probe each video; None for one that is unreadable or that ends the process."""
    found: list[VideoInfo | None] = []
    while len(found) < len(paths):
        lines = _look(paths[len(found) :])
        found += [VideoInfo(**fields) if fields else None for fields in lines]
        if len(found) < len(paths):
            found.append(None)
    return found


def _look(paths: Sequence[Path]) -> list[dict[str, Any] | None]:
    """Probe videos in one process, up to one that ends or blocks the process."""
    command = [sys.executable, "-m", __name__, *map(str, paths)]
    try:
        said = subprocess.run(
            command, capture_output=True, timeout=LONGEST_SECONDS
        ).stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    return [json.loads(line) for line in said.splitlines()]


def main() -> None:
    """Print a line of JSON for each video: its `VideoInfo`, or null."""
    for path in map(Path, sys.argv[1:]):
        try:
            info = asdict(probe(path))
        except VideoError:
            info = None
        print(json.dumps(info), flush=True)


if __name__ == "__main__":
    main()
