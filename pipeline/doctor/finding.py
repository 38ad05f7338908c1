"""The form of what an examination finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One finding about the machine, its state, and advice if something is wrong."""

    topic: str
    state: Literal["ok", "warning", "problem"]
    found: str
    advice: str = ""  # empty if the state is ok
    exit_code: int = 0  # of a problem, as for errors
