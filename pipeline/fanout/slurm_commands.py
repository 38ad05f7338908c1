"""The commands of Slurm, with retries while its controller does not answer.

Without an accounting database, only squeue and scontrol know how a job has ended, and
they forget it after some minutes.
"""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pipeline.errors import SodaError
from pipeline.progress import say

T = TypeVar("T")

ANSWER_SECONDS = 60.0
PATIENCE_SECONDS = 3600.0
# The errors that come from the controller and not from the request.
UNREACHABLE = re.compile(
    "contact slurm controller|timed out|temporarily|transmitted or received"
    "|not connected|connection refused",
    re.IGNORECASE,
)
# The states of a job that has ended; the excused ones are not the fault of its work.
EXCUSED = {
    *("CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE"),
    "REVOKED",
}
ENDED = EXCUSED | {"COMPLETED", "FAILED", "OUT_OF_MEMORY"}


class NoAnswerError(Exception):
    """A lack of an answer from Slurm, which may answer later."""


@dataclass(frozen=True)
class Task:
    """One element of a job array, as squeue shows it."""

    array: str
    index: int
    state: str
    node: str
    reason: str  # why it is waiting or has failed
    comment: str

    @property
    def has_ended(self) -> bool:
        """True if the task will not run any more."""
        return self.state in ENDED


def call(*command: str, stdin: str = "") -> str:
    """Run one of the commands of Slurm and return its output.

    Raises:
        NoAnswerError: The controller cannot be reached.
        SodaError: The command is missing, or was refused.
    """
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            start_new_session=True,  # not to receive the terminal's Ctrl-C
        )
    except FileNotFoundError as error:
        raise SodaError(
            f"{command[0]}: expected Slurm's command, found none; use --cluster slurm "
            "on a machine of the cluster, for example its login node"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NoAnswerError(
            f"{command[0]} has not answered for {ANSWER_SECONDS:g} s"
        ) from error
    said = done.stderr.strip()
    if done.returncode and UNREACHABLE.search(said):
        raise NoAnswerError(said)
    if done.returncode:
        raise SodaError(f"{command[0]}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def waiting_out(question: Callable[[], T], poll_seconds: float) -> T:
    """Repeat a question until Slurm answers it.

    Raises:
        SodaError: Slurm has not answered for an hour.
    """
    began, is_said = time.monotonic(), False
    while True:
        try:
            return question()
        except NoAnswerError as error:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise SodaError(
                    f"Slurm has not answered for {PATIENCE_SECONDS / 60:g} min: "
                    f"{error}; arrays that were sent go on; run the same command again "
                    "later to join them"
                ) from error
            if not is_said:
                say(f"Slurm does not answer; waiting until it does: {error}")
            is_said = True
            time.sleep(poll_seconds)


def list_tasks(name: str) -> list[Task]:
    """Return the elements of this user's arrays of a name, including ended ones."""
    shown = call(
        *("squeue", "--me", "--noheader", "--array", "--states=all"),
        *(f"--name={name}", "--format=%F|%K|%T|%N|%r|%k"),
    )
    rows = [line.split("|", 5) for line in shown.splitlines()]
    return [Task(row[0], int(row[1]), *row[2:]) for row in rows if row[1] != "N/A"]


def max_array_size() -> int:
    """Return the exclusive upper limit of the indices of an array."""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", call("scontrol", "show", "config"))
    return int(found[1]) if found else 1001  # Slurm's default
