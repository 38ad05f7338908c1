"""THUMOS14's text files of one subset, as published: in a zip archive, or unpacked."""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.storage import TEMPORARY_PREFIX

Files = Mapping[str, bytes]  # content by name


@dataclass(frozen=True)
class ClassFiles:
    """A file a class, `Diving_val.txt`; `digest` is what `digest_of` makes of them."""

    suffix: str  # of the names, such as "_val"
    digest: str

    def check_archive(self, path: Path) -> None:
        """Check that a zip archive holds these files.

        Raises:
            ValueError: It is no zip archive, or holds others.
        """
        try:
            self._check(self._in_archive(path))
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            size = path.stat().st_size
            raise ValueError(
                f"expected a zip archive, found {size} bytes of something else "
                f"({error})"
            ) from error

    def are_in(self, folder: Path) -> bool:
        """Whether a folder, or a folder in it, holds these files.

        Raises:
            ValueError: It holds other files under such names.
        """
        files = self._in_folder(folder)
        if files:
            self._check(files)
        return bool(files)

    def unpack(self, archive: Path) -> Path:
        """Unpack the files into a folder beside their archive, all or none.

        Of the archive's folders nothing is taken over, so that nothing can lead out of
        this one.
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
                if not self.are_in(target):  # else another process was quicker
                    raise
        return target

    def _in_folder(self, folder: Path) -> Files:
        files: dict[str, bytes] = {}
        for parent, folders, names in os.walk(folder):
            # Another process may be unpacking.
            folders[:] = [f for f in folders if not f.startswith(TEMPORARY_PREFIX)]
            own = filter(self._is_one, names)
            files |= {name: Path(parent, name).read_bytes() for name in own}
        return files

    def _in_archive(self, path: Path) -> Files:
        with zipfile.ZipFile(path) as archive:
            return {
                name: archive.read(member)
                for member in archive.infolist()
                if self._is_one(name := PurePosixPath(member.filename).name)
            }

    def _is_one(self, name: str) -> bool:
        """Files beginning with a dot are what macOS adds to archives."""
        return name.endswith(f"{self.suffix}.txt") and not name.startswith(".")

    def _check(self, files: Files) -> None:
        found = digest_of(files)
        if found != self.digest:
            raise ValueError(
                f"expected the published class files, such as Diving{self.suffix}.txt, "
                f"with sha256 {self.digest} in all, found {len(files)} such file(s) "
                f"with {found}"
            )


def digest_of(files: Files) -> str:
    """Hex sha256 over names and lines; spaces and line ends do not count.

    >>> digest_of({"a.txt": b"1  2"}) == digest_of({"a.txt": b"1 2 \\r\\n"})
    True
    """
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        lines = [b" ".join(line.split()) for line in content.splitlines()]
        digest.update(b"\n".join([name.encode(), *lines, b""]))
    return digest.hexdigest()
