"""What of a work folder can go: left-overs, and caches by their kind."""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SodaError
from pipeline.fanout.lock import LOCKS, held_locks, remove_lock
from pipeline.fanout.slurm import Submission
from pipeline.storage import TEMPORARY_PREFIX
from pipeline.workfolder.layout import PLANS, STAGE_FOLDERS, outputs_in, size_of

# The folders of a kind; `results` are removed only where everything is.
KINDS = {
    "frames": ("frames",),
    "flow": ("flow",),
    "features": ("features", PLANS),
    "models": ("models",),
    "reports": ("report",),
    "results": ("points", "detections", "evaluation", "experiments"),
}
JOBS, FAILURES = "jobs", "failures"
LOCK_SUFFIX = ".lock"


@dataclass(frozen=True)
class Removal:
    """Paths of one kind that can go."""

    kind: str
    paths: tuple[Path, ...]
    size_bytes: int


def find_removals(workdir: Path, kinds: Collection[str] = ()) -> list[Removal]:
    """Left-overs of runs that have ended, and all of some kinds.

    Only paths that are laid out as ours are found, and none by a symbolic link.

    Raises:
        SodaError: A run is in progress.
    """
    check_idle(workdir)
    found = {
        kind: [
            path for folder in KINDS[kind] for _, path in outputs_in(workdir, folder)
        ]
        for kind in KINDS
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
    """Remove what was found, and the folders that are empty then.

    Raises:
        SodaError: A run has begun meanwhile.
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
        with suppress(OSError):  # something else lies in it
            parent.rmdir()


def check_idle(workdir: Path) -> None:
    """Refuse to touch what a run is working on.

    Raises:
        SodaError: Some process holds a lock of the folder.
    """
    if held := held_locks(workdir):
        raise SodaError(
            f"{workdir}: expected no run in progress, found one at {', '.join(held)}; "
            "nothing was removed, try again when it has ended"
        )


def temporary_paths(workdir: Path) -> Iterator[Path]:
    """Files that were never finished, of processes that are gone."""
    for top in (*STAGE_FOLDERS, PLANS, FAILURES):
        for folder, folders, files in os.walk(_own_folder(workdir, top)):
            for name in (*folders, *files):
                if name.startswith(TEMPORARY_PREFIX):
                    yield Path(folder, name)
            folders[:] = [f for f in folders if not f.startswith(TEMPORARY_PREFIX)]


def job_folders(workdir: Path) -> Iterator[Path]:
    """What workers were told and have printed."""
    for path in sorted(_own_folder(workdir, JOBS).glob("*")):
        is_one = (path / "order.json").is_file() and not path.is_symlink()
        if is_one and not Submission.read(path):  # whoever sent it
            yield path


def _own_folder(workdir: Path, name: str) -> Path:
    """A folder of the work folder; one that is not there in place of a link."""
    folder = workdir / name
    return Path(os.devnull) if folder.is_symlink() else folder
