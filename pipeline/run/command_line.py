"""The command that a person typed, and the same command for another task."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

SODA_TASK = "Report"  # the last task of `soda run` without --to


def typed() -> str:
    """Return the command as it was typed."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def command_line(task: str, typed_task: str) -> str:
    """Return the typed command of Luigi, or of `soda run`, for another task.

    The task is followed by flags if it needs further ones.
    """
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    task, *flags = task.split()
    if name == "soda":
        return shlex.join([name, *_going_to(task, words), *flags])
    replaced = [task if word == typed_task else word for word in words]
    return shlex.join(["luigi", *replaced, *flags])


def _going_to(task: str, words: Sequence[str]) -> list[str]:
    """Return the words of `soda run` with another --to.

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
