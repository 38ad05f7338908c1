"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What was found, whether that is as it should be, and what to do if not."""

    topic: str
    state: State
    found: str
    advice: str = ""  # nothing where all is well
    exit_code: int = 0  # of a problem, as errors have it
