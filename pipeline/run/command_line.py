"""The command that a person typed, as it is to be typed for another task."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.layout import TASKS

SODA_TASK = "Report"  # where `soda run` goes without --to


def typed() -> str:
    """The command as it was given."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def command_line(task: str) -> str:
    """The command that was given to Luigi, or to `soda run`, for another task."""
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    if name == "soda":
        return shlex.join([name, *_going_to(task, words)])
    replaced = [task if word in TASKS.values() else word for word in words]
    return shlex.join(["luigi", *replaced])


def _going_to(task: str, words: Sequence[str]) -> list[str]:
    """The words of `soda run` with another --to.

    >>> _going_to("Evaluate", ["run", "demo", "--to", "TrainSODA", "--epochs", "9"])
    ['run', 'demo', '--epochs', '9', '--to', 'Evaluate']
    """
    left = iter(words)
    kept = []
    for word in left:
        if word == "--to":
            next(left)
        elif not word.startswith("--to="):
            kept.append(word)
    return kept if task == SODA_TASK else [*kept, "--to", task]
