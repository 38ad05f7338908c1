"""Discovery of the stages by their files."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pipeline import stages
from pipeline.run.stage import Stage

# The experiment runs the other stages, so it is in a package above theirs.
ELSEWHERE = ("pipeline.experiments.stage",)


@cache
def all_stages() -> tuple[Stage, ...]:
    """Return all stages, each after those that it builds on.

    Stages are found by their files in `pipeline/stages/`. A new file is enough to add
    one; there is no list to keep up to date.
    """
    own = [f"{stages.__name__}.{name}" for name in sorted(module_names())]
    found = [stage for name in (*own, *ELSEWHERE) for stage in _defined_in(name)]
    return tuple(dict.fromkeys(stage for last in found for stage in _chain(last)))


def module_names() -> list[str]:
    """Return the names of the modules in `pipeline/stages/` that may define a stage."""
    # These define no stage, and import PyTorch, which takes seconds.
    shared = {"fitting", "predicting"}
    return [m.name for m in iter_modules(stages.__path__) if m.name not in shared]


def _defined_in(module: str) -> list[Stage]:
    values = vars(import_module(module)).values()
    return [v for v in values if isinstance(v, Stage) and v.work.__module__ == module]


def _chain(last: Stage) -> list[Stage]:
    """Return a stage and everything that it may build on, in working order."""
    below = [stage for need in last.builds_on for stage in _chain(need)]
    return [*dict.fromkeys((*below, last))]
