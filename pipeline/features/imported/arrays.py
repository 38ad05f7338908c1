"""Arrays of features in the file formats of the field."""

import pickle
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from io import IOBase
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Float32, Shaped
from safetensors.numpy import load_file

from extractors.errors import reading
from pipeline.errors import VideoError
from pipeline.progress import bytes_text

# The names that a pickled array of arrays needs; any other is refused, because
# unpickling it could run code.
HARMLESS = {
    *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
PREFERRED = ("features", "feature", "feats")  # names, in a file of several arrays
# A header or a compressed file may claim an array of any size. One this many times as
# large as what is stored for it is refused; features compress less, except small ones.
LARGEST_EXPANSION, ALWAYS_ALLOWED_BYTES = 100, 2**26


@dataclass(frozen=True)
class FeatureLocation:
    """The location of one stream of one video's features."""

    path: Path
    key: str = ""  # the video's entry, in a file that holds many videos


def read_array(file: FeatureLocation) -> Shaped[np.ndarray, "..."]:
    """Return the array in a file, unchanged.

    Raises:
        VideoError: The file cannot be read, or it is not clear which array is meant.
    """
    with features_file(file.path):
        if file.path.exists() and not file.path.is_file():
            raise ValueError("it is a folder, a pipe or a device")
        return np.asarray(_READERS[file.path.suffix](file))


def features_file(path: Path) -> AbstractContextManager[None]:
    """Name a file of features if reading it fails.

    Raises:
        VideoError: The block failed.
    """
    return reading(
        lambda why: VideoError(
            f"{path}: expected an array of features, found a file that cannot be "
            f"read as one ({why}); make or copy the file again"
        )
    )


def as_sequence(
    array: Shaped[np.ndarray, "..."], is_transposed: bool
) -> Float32[np.ndarray, "snippets features"]:
    """Return an array as (T, D), without axes of length 1.

    Raises:
        ValueError: The array is empty, or not a sequence of numeric vectors.
    """
    flat = array.squeeze() if array.ndim > 2 else array
    if flat.ndim != 2 or not flat.size or not np.issubdtype(flat.dtype, np.number):
        raise ValueError(
            f"expected an array (T, D) of numbers, found {array.dtype} of shape "
            f"{array.shape}"
        )
    return np.ascontiguousarray(flat.T if is_transposed else flat, dtype=np.float32)


def _npy(file: FeatureLocation) -> Any:
    if file.key:
        return _array_of_arrays(file.path)[int(file.key)]
    return np.load(file.path, mmap_mode="r")


def _npz(file: FeatureLocation) -> Any:
    # Given a path, NumPy would leave a damaged file open.
    with file.path.open("rb") as opened, np.load(opened) as arrays:
        name = _only(arrays)
        names = {
            info.filename.removesuffix(".npy"): info for info in arrays.zip.filelist
        }
        with arrays.zip.open(names[name]) as content:
            claim = _array_header(content)
        _check_claim(file.path, *claim, names[name].compress_size)
        return arrays[name]


def _hdf5(file: FeatureLocation) -> Any:
    with h5py.File(file.path) as content:
        found = _member(content, file.key) if file.key else content
        if not isinstance(found, h5py.Dataset):
            found = _member(found, _only(found))
        if not isinstance(found, h5py.Dataset):
            raise ValueError("it holds groups in place of an array")
        if found.is_virtual or found.external:
            raise ValueError("its numbers are in other files, which are not read")
        claim = found.shape or (), found.dtype
        _check_claim(file.path, *claim, found.id.get_storage_size())
        return np.asarray(found)  # while the file is open


def _member(group: h5py.Group, name: str) -> Any:
    """Return what a name in a group stands for, unless it is a link.

    The type of a link is looked up before anything follows it, to any file.
    """
    link = group.id.links.get_info(name.encode(errors="surrogateescape"))
    if link.type != h5py.h5l.TYPE_HARD:
        raise ValueError(f"{name} is a link, possibly to another file, and not read")
    return group[name]


def _safetensors(file: FeatureLocation) -> Any:
    arrays = load_file(file.path)  # which compares its header with its size
    return arrays[_only(arrays)]


def _check_claim(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], stored_bytes: int
) -> None:
    """Refuse an array that is far larger than what the file stores for it."""
    claimed = prod(shape) * dtype.itemsize
    stored = min(stored_bytes, path.stat().st_size)
    if claimed > max(stored * LARGEST_EXPANSION, ALWAYS_ALLOWED_BYTES):
        raise ValueError(
            f"it claims an array of {bytes_text(claimed)}, but stores only "
            f"{bytes_text(stored)} for it"
        )


_READERS = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}


def _only(arrays: Mapping[str, Any]) -> str:
    """Return the name of the features among a file's arrays."""
    if len(arrays) == 1:
        return next(iter(arrays))
    for name in PREFERRED:
        if name in arrays:
            return name
    raise ValueError(
        f"expected one array, or one named {PREFERRED[0]}, found {', '.join(arrays)}"
    )


class _ArraysOnly(pickle.Unpickler):
    """An unpickler of arrays that refuses everything else that a file may name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(
                f"it holds {module}.{name}, which is not part of an array"
            )
        return super().find_class(module, name)


@lru_cache(maxsize=1)
def _array_of_arrays(path: Path) -> np.ndarray:
    """Return the arrays of all videos in a file, which is read once per process."""
    with path.open("rb") as file:
        shape, dtype = _array_header(file)
        if not dtype.hasobject:
            raise ValueError(f"expected an array of arrays, found one of {dtype}")
        arrays = _ArraysOnly(file, encoding="latin1").load()
    if not isinstance(arrays, np.ndarray) or arrays.shape != shape:
        raise ValueError(f"expected an array of {shape} arrays, found other content")
    return arrays


def forget_arrays() -> None:
    """Free the memory of a file that holds many videos."""
    _array_of_arrays.cache_clear()


def _array_header(file: IOBase) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type in the header of an array."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = readers[version](file)
    return tuple(shape), dtype
