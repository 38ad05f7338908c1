"""The configuration of an experiment: a table or figure, and the number of seeds."""

from dataclasses import dataclass
from typing import Annotated

from pipeline.errors import UsageError

TABLE_NUMBERS = (4, 5, 6, 7, 8, 9)
FIGURES = ("5", "8", "9", "11", "12", "active")


@dataclass(frozen=True)
class ExperimentConfig:
    """One table or one figure of the paper."""

    table: Annotated[
        int,
        "4 components, 5 clicks, 6 networks, 7 ensembles, 8 losses, 9 video scores; "
        "0: none",
    ] = 0
    figure: Annotated[
        str,
        "5 sequences and ground truth, 8 temporal softmax, 9 category softmax, "
        "11 descents on seven Gaussians, 12 lambda; active: clicks that a first model "
        "suggests, compared with others, which is not in the paper",
    ] = ""
    seeds: Annotated[int, "trainings of each row, from --seed upwards"] = 3

    def __post_init__(self) -> None:
        for name, known in (("table", TABLE_NUMBERS), ("figure", FIGURES)):
            value = getattr(self, name)
            if value and value not in known:
                numbers = ", ".join(map(str, known))
                raise UsageError(f"--{name} {value}: expected one of {numbers}")
        if self.table and self.figure:
            raise UsageError("--table and --figure: one at a time")
        if self.seeds < 1:
            raise UsageError(f"--seeds {self.seeds}: expected at least 1")

    def check_chosen(self) -> None:
        """Refuse to make nothing.

        Raises:
            UsageError: Neither a table nor a figure is asked for.
        """
        if not self.table and not self.figure:
            raise UsageError(
                f"expected --table ({', '.join(map(str, TABLE_NUMBERS))}) or --figure "
                f"({', '.join(FIGURES)}), found neither"
            )
