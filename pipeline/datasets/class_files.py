"""THUMOS14's published text files of one subset, in a zip archive or unpacked."""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.progress import count_of
from pipeline.storage import TEMPORARY_PREFIX

Files = Mapping[str, bytes]  # content by name


@dataclass(frozen=True)
class ClassFiles:
    """The files of a subset, one per class, such as `Diving_val.txt`."""

    suffix: str  # of the names, such as "_val"
    digest: str  # expected result of `digest_of`

    def check_archive(self, path: Path) -> None:
        """Raise ValueError unless a file is a zip archive of these files."""
        try:
            self._check(self._in_archive(path))
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            size = path.stat().st_size
            raise ValueError(
                f"expected a zip archive, found {size} bytes of something else "
                f"({error})"
            ) from error

    def are_in(self, folder: Path) -> bool:
        """Check whether a folder contains these files, also in nested folders.

        Raises:
            ValueError: If it contains other files with such names.
        """
        files: dict[str, bytes] = {}
        for parent, folders, names in os.walk(folder):
            # Another process may be unpacking.
            folders[:] = [f for f in folders if not f.startswith(TEMPORARY_PREFIX)]
            own = filter(self._is_one, names)
            files |= {name: Path(parent, name).read_bytes() for name in own}
        if files:
            self._check(files)
        return bool(files)

    def unpack(self, archive: Path) -> Path:
        """Unpack the files, all or none, into a folder named like their archive.

        The archive's own folders are ignored, so that no path in it can lead out of the
        target folder.
        """
        target = archive.with_suffix("")
        with tempfile.TemporaryDirectory(
            dir=archive.parent, prefix=TEMPORARY_PREFIX
        ) as temporary:
            unpacked = Path(temporary, target.name)
            unpacked.mkdir()
            for name, content in self._in_archive(archive).items():
                (unpacked / name).write_bytes(content)
            try:
                unpacked.rename(target)
            except OSError:
                if not self.are_in(target):  # otherwise another process was faster
                    raise
        return target

    def _in_archive(self, path: Path) -> Files:
        with zipfile.ZipFile(path) as archive:
            return {
                name: archive.read(member)
                for member in archive.infolist()
                if self._is_one(name := PurePosixPath(member.filename).name)
            }

    def _is_one(self, name: str) -> bool:
        """Check whether a name is a class file's; macOS adds dot files to archives."""
        return name.endswith(f"{self.suffix}.txt") and not name.startswith(".")

    def _check(self, files: Files) -> None:
        found = digest_of(files)
        if found != self.digest:
            raise ValueError(
                f"expected the published class files, such as Diving{self.suffix}.txt, "
                f"with the combined sha256 {self.digest}, found "
                f"{count_of(len(files), 'such file')} with {found}"
            )


def digest_of(files: Files) -> str:
    """Return the hex sha256 of names and lines, ignoring spacing and line ends.

    >>> digest_of({"a.txt": b"1  2"}) == digest_of({"a.txt": b"1 2 \\r\\n"})
    True
    """
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        lines = [b" ".join(line.split()) for line in content.splitlines()]
        digest.update(b"\n".join([name.encode(), *lines, b""]))
    return digest.hexdigest()
