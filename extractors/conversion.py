"""Tensors of I3D's weight files: converted to safetensors, and loaded."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from extractors.atomic import atomic_path
from extractors.weight_file import ELSEWHERE, Weights


def load_state(weights: Weights) -> dict[str, Tensor]:
    """Read the tensors by name, on the CPU, as `build_i3d` takes them."""
    return load_file(weights.path)


def save_state(state: Mapping[str, Tensor], target: Path, origin: str) -> None:
    """Write safetensors, whole or not at all; two processes may do so at once."""
    tensors = {name: tensor.contiguous() for name, tensor in state.items()}
    with atomic_path(target, ELSEWHERE) as temporary:
        save_file(tensors, temporary, metadata={"origin": origin})
