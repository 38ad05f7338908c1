"""Running the real commands, as a user would."""

import os
import subprocess
import sys
from pathlib import Path

# Motion alone, without any network: an end-to-end run takes seconds.
QUICK = [
    *("--streams", "flow", "--flow-features", "hof", "--flow", "farneback"),
    *("--short-side", "64", "--cells", "16", "--hidden", "32", "--epochs", "40"),
    *("--learning-rate", "0.002"),
]


def command(name: str) -> str:
    """The path of an installed command."""
    return str(Path(sys.executable).parent / name)


def luigi(task: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """`luigi --module tasks TASK ...` from some folder."""
    return run("luigi", "--module", "tasks", task, *map(str, arguments), cwd=cwd)


def run(name: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run an installed command to its end."""
    return subprocess.run(
        [command(name), *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"COLUMNS": "120"},
    )
