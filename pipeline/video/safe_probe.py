"""Videos looked at in a process of its own, which they may crash or hold up."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import VideoError
from pipeline.video import VideoInfo, probe

LONGEST_SECONDS = 30.0  # that a process may take


def probe_apart(paths: Sequence[Path]) -> list[VideoInfo | None]:
    """What each video is; None of one that cannot be read or that ends its reader."""
    found: list[VideoInfo | None] = []
    while len(found) < len(paths):
        lines = _look(paths[len(found) :])
        found += [VideoInfo(**fields) if fields else None for fields in lines]
        if len(found) < len(paths):
            found.append(None)
    return found


def _look(paths: Sequence[Path]) -> list[dict[str, Any] | None]:
    """What the videos are, up to one that ends the process or holds it up."""
    command = [sys.executable, "-m", __name__, *map(str, paths)]
    try:
        said = subprocess.run(
            command, capture_output=True, timeout=LONGEST_SECONDS
        ).stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    return [json.loads(line) for line in said.splitlines()]


def main() -> None:
    """Print a line of JSON for each video: what it is, or null."""
    for path in map(Path, sys.argv[1:]):
        try:
            info = asdict(probe(path))
        except VideoError:
            info = None
        print(json.dumps(info), flush=True)


if __name__ == "__main__":
    main()
