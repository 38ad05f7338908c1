"""The removable parts of a work folder: leftovers, and results by kind."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pipeline.errors import SodaError
from pipeline.fanout.lock import LOCKS, held_locks, remove_lock
from pipeline.fanout.slurm import Submission
from pipeline.layout import size_of
from pipeline.storage import TEMPORARY_PREFIX
from pipeline.workfolder.stages import all_stages, results_in

LOCK_SUFFIX = ".lock"


@dataclass(frozen=True)
class Removal:
    """Removable paths of one kind."""

    kind: str
    paths: tuple[Path, ...]
    size_bytes: int


def folders_by_kind() -> dict[str, list[str]]:
    """Return the folders of each kind of results, as the stages define them."""
    found: dict[str, dict[str, None]] = {}
    for stage in all_stages():
        names = (stage.folder_name, *stage.other_folders)
        found.setdefault(stage.kind, {}).update(dict.fromkeys(names))
    return {kind: list(names) for kind, names in found.items()}


def find_removals(workdir: Path, kinds: Collection[str] = ()) -> list[Removal]:
    """Return leftovers of runs that have ended, and all results of some kinds.

    Only paths in the layout of a work folder are found, and none through a symbolic
    link.

    Raises:
        SodaError: A run is in progress.
    """
    check_idle(workdir)
    found = {
        kind: [path for folder in folders for _, path in results_in(workdir, folder)]
        for kind, folders in folders_by_kind().items()
        if kind in kinds
    }
    going = {path for paths in found.values() for path in paths}
    found["temporary files"] = [
        path for path in temporary_paths(workdir) if going.isdisjoint(path.parents)
    ]
    found["job folders"] = list(job_folders(workdir))
    found["locks"] = sorted(_own_folder(workdir, LOCKS).glob(f"*{LOCK_SUFFIX}"))
    return [
        Removal(kind, tuple(paths), sum(map(size_of, paths)))
        for kind, paths in found.items()
        if paths
    ]


def remove(workdir: Path, removals: Collection[Removal]) -> None:
    """Remove paths that `find_removals` found, and folders that become empty.

    Raises:
        SodaError: A run has started in the meantime.
    """
    check_idle(workdir)
    paths = [path for removal in removals for path in removal.paths]
    for path in paths:
        if path.suffix == LOCK_SUFFIX:
            remove_lock(path)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for parent in {path.parent for path in paths if path.parent.parent == workdir}:
        with suppress(OSError):  # something else is in it
            parent.rmdir()


def check_idle(workdir: Path) -> None:
    """Check that no run is working on a folder.

    Raises:
        SodaError: A process holds a lock of the folder.
    """
    if held := held_locks(workdir):
        raise SodaError(
            f"{workdir}: expected no run in progress, found one at {', '.join(held)}; "
            "nothing was removed, try again when it has ended"
        )


def temporary_paths(workdir: Path) -> Iterator[Path]:
    """Yield unfinished files of processes that have ended."""
    for top in (*chain(*folders_by_kind().values()), "failures"):
        for folder, folders, files in os.walk(_own_folder(workdir, top)):
            for name in (*folders, *files):
                if name.startswith(TEMPORARY_PREFIX):
                    yield Path(folder, name)
            folders[:] = [f for f in folders if not f.startswith(TEMPORARY_PREFIX)]


def job_folders(workdir: Path) -> Iterator[Path]:
    """Yield the folders of workers' orders and logs."""
    for path in sorted(_own_folder(workdir, "jobs").glob("*")):
        is_one = (path / "order.json").is_file() and not path.is_symlink()
        # A folder with a submission may still be in use by its cluster job.
        if is_one and not Submission.read(path):
            yield path


def _own_folder(workdir: Path, name: str) -> Path:
    """Return a folder of the work folder, or an empty path if it is a link."""
    folder = workdir / name
    return Path(os.devnull) if folder.is_symlink() else folder
