"""The files of a work folder, compared with the proofs in their records."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.run.record import read_record
from pipeline.storage import RECORD, difference_of, prove
from pipeline.workfolder.stages import results_in, stage_folders


def verify(workdir: Path) -> Iterator[tuple[Path, str]]:
    """Read all files that finished stages have left, and yield each with its damage.

    The damage of a whole file is an empty text. Files of unfinished stages, and those
    of older versions, have no proofs and are left out.
    """
    for path in record_paths(workdir):
        record = read_record(path)
        for name, proof in ((record and record.files) or {}).items():
            file = path.parent / name
            if not file.is_file():
                yield file, "missing"
            elif proof:
                found = prove(file)
                yield file, "" if found == proof else difference_of(proof, found)


def record_paths(workdir: Path) -> Iterator[Path]:
    """Yield the paths of the records of all results in a work folder."""
    for folder in stage_folders():
        for _, path in results_in(workdir, folder):
            if path.is_dir():
                yield path / RECORD
            elif path.suffix == ".json":
                yield path
