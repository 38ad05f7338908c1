"""The hash of a file at its first use, for files whose publisher gives none."""

from contextlib import suppress
from pathlib import Path

from extractors.atomic import atomic_path
from extractors.errors import SodaError


def check_first_use(file: Path, sha256: str) -> None:
    """Compare a file with the hash of its first use, which this may be.

    The first use records the hash next to the file, in the form that
    `sha256sum --check` reads.

    Args:
        file: The place where the file is kept; the file may not be there yet.
        sha256: The hash of its content, in hex.

    Raises:
        ValueError: The file has changed since.
    """
    record = record_of(file)
    try:
        first = record.read_text("utf-8", errors="replace").partition(" ")[0]
    except FileNotFoundError:
        # A shared folder may be closed to those who only read it.
        with suppress(SodaError), atomic_path(record) as temporary:
            temporary.write_text(f"{sha256}  {file.name}\n", encoding="utf-8")
        return
    if first != sha256:
        raise ValueError(
            f"expected the content of its first use, with sha256 {first} (recorded in "
            f"{record.name}), found other content, with sha256 {sha256}; to get it "
            f"again, delete {file}; to use the new content, delete {record}"
        )


def record_of(file: Path) -> Path:
    """Return the path of the record of a file."""
    return file.with_name(f"{file.name}.sha256")
