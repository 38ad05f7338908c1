"""Every stage, found by its file."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pipeline import stages
from pipeline.experiments.stage import EXPERIMENT
from pipeline.run.stage import Stage


@cache
def all_stages() -> tuple[Stage, ...]:
    """Return the stages of `pipeline/stages/` and the experiment, in working order.

    They are found by their files, so that no list has to be kept up to date: each
    comes after all that it builds on.
    """
    names = sorted(module.name for module in iter_modules(stages.__path__))
    found = [stage for name in names for stage in _defined_in(name)]
    return tuple(dict.fromkeys(s for end in (*found, EXPERIMENT) for s in _chain(end)))


def _defined_in(name: str) -> list[Stage]:
    """Return the stages whose work is defined in a module of `pipeline/stages/`."""
    module = f"{stages.__name__}.{name}"
    if name in ("fitting", "predicting"):  # these hold no stage, and import PyTorch
        return []
    values = vars(import_module(module)).values()
    return [v for v in values if isinstance(v, Stage) and v.work.__module__ == module]


def _chain(last: Stage) -> list[Stage]:
    """Return a stage and everything that it may build on, in working order."""
    below = [stage for need in last.builds_on for stage in _chain(need)]
    return [*dict.fromkeys((*below, last))]
