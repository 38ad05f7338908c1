"""The weight files of published networks: found, downloaded and verified."""

import logging
from pathlib import Path

from extractors.atomic import rename_durably
from extractors.errors import WeightsError
from extractors.published import PublishedNetwork
from extractors.shapes import shapes_of
from extractors.sources import WeightSource, download_url, obtain, sha256
from extractors.weights import Weights, check_kept, default_cache, made_folder

logger = logging.getLogger("soda")


def find_published(
    published: PublishedNetwork,
    option: str,
    local: Path | None = None,
    cache: Path | None = None,
) -> Weights:
    """Find the weights of a network: a local file, else the cache, else a download.

    Args:
        published: The network.
        option: The command-line option that names a local file.
        local: A file that takes precedence.
        cache: The folder where downloads are kept unchanged; None is
            `default_cache()`.

    Raises:
        WeightsError: There are none, or a file does not contain this network; the
            message says how to get them.
    """
    if local is not None:
        _check_file(published, local, option)
        return Weights(local, sha256(local), origin=f"local file {local}")
    cache = made_folder(default_cache() if cache is None else cache)
    source = source_of(published)
    try:
        with obtain(source, cache) as path:
            _check_file(published, path, option)
            check_kept(cache / path.name, sha256(path))
            kept = _kept(path, cache)
    except WeightsError as error:
        raise WeightsError(
            f"no weights for {published.name} ({error}). On a machine with internet "
            f"access, {source.by_hand} and put it into {cache} yourself; or name a "
            f"file with {option} FILE"
        ) from error
    return Weights(kept, sha256(kept), source.origin)


def source_of(published: PublishedNetwork) -> WeightSource:
    """Return the source of the file, with the hash that verifies a download.

    If no hash is known, any file is accepted at first, and the log says so.
    """
    filename = published.url.rpartition("/")[2]
    hash_digits = len(published.hash_prefix)
    return WeightSource(
        filename=filename,
        origin=f"{published.name} ({filename})",
        by_hand=f"download {published.url}",
        digest=published.hash_prefix,
        digest_of=lambda path: sha256(path)[:hash_digits],
        download=lambda target: _download(published, target),
    )


def _download(published: PublishedNetwork, target: Path) -> None:
    download_url(published.url, target)
    if not published.hash_prefix:
        logger.warning(
            "%s: its publisher gives no hash to verify it; its sha256 is %s",
            target.name,
            sha256(target),
        )


def _kept(path: Path, cache: Path) -> Path:
    """Move a download into the cache, whole or not at all."""
    if path.parent == cache:  # which may be shared and not writable
        return path
    kept = cache / path.name
    rename_durably(path, kept)
    return kept


def _check_file(published: PublishedNetwork, path: Path, option: str) -> None:
    # PyTorch takes seconds to import
    from extractors.loading import check_published, read_state

    try:
        check_published(published, shapes_of(read_state(path)))
    except ValueError as error:
        raise WeightsError(
            f"{path}: expected the published weights of {published.name}, found "
            f"others ({error}); name another file with {option} FILE"
        ) from error
