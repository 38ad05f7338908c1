"""The stages, discovered by their files, and the folders that they fill."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from pipeline import stages
from pipeline.errors import InputNotFoundError
from pipeline.layout import outputs_in
from pipeline.run.stage import Stage

# These files define no stage, and import PyTorch, which takes seconds.
WITHOUT = {"fitting", "predicting"}
# The experiment runs the other stages, so it is in a package above theirs.
ELSEWHERE = ("pipeline.experiments.stage",)


@cache
def all_stages() -> tuple[Stage, ...]:
    """Return all stages, each after those that it builds on.

    Stages are found by their files in `pipeline/stages/`. A new file is enough to add
    one; there is no list to keep up to date.
    """
    files = sorted(module.name for module in iter_modules(stages.__path__))
    own = [f"{stages.__name__}.{name}" for name in files if name not in WITHOUT]
    found = [stage for name in (*own, *ELSEWHERE) for stage in _defined_in(name)]
    return tuple(dict.fromkeys(stage for last in found for stage in _chain(last)))


def _defined_in(module: str) -> list[Stage]:
    values = vars(import_module(module)).values()
    return [v for v in values if isinstance(v, Stage) and v.work.__module__ == module]


def _chain(last: Stage) -> list[Stage]:
    """Return a stage and everything that it may build on, in working order."""
    below = [stage for need in last.builds_on for stage in _chain(need)]
    return [*dict.fromkeys((*below, last))]


def stage_folders() -> tuple[str, ...]:
    """Return the names of the folders that hold results of stages."""
    return tuple(dict.fromkeys(stage.folder_name for stage in all_stages()))


def results_in(workdir: Path, folder: str) -> Iterator[tuple[str, Path]]:
    """Yield the fingerprint and path of each result in a folder of a work folder."""
    of_files = any(s.is_file for s in all_stages() if s.folder_name == folder)
    return outputs_in(workdir, folder, of_files)


def is_work_folder(path: Path) -> bool:
    """Return whether a folder holds results or failures of a run."""
    return any((path / name).is_dir() for name in (*stage_folders(), "failures"))


def check_work_folder(path: Path) -> Path:
    """Return the folder if it is a work folder.

    Raises:
        InputNotFoundError: The folder is not a work folder.
    """
    if not is_work_folder(path):
        raise InputNotFoundError(
            f"{path}: expected a work folder (--workdir of a run, with folders such as "
            f"{', '.join(stage_folders()[:3])}), found none; try work/DATASET"
        )
    return path


def work_folders(parent: Path) -> list[Path]:
    """Return a folder if it is a work folder, else the work folders in it."""
    if is_work_folder(parent):
        return [parent]
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [path for path in found if is_work_folder(path)]
