"""A file of weights that has been checked."""

from dataclasses import dataclass
from pathlib import Path

ELSEWHERE = "set SODA_CACHE to another folder"  # for a cache that cannot be written


@dataclass(frozen=True)
class Weights:
    """A file of weights that has been checked."""

    path: Path  # I3D's: safetensors, in the names of `InceptionI3d`
    sha256: str  # of that file: the identity of the weights
    origin: str  # a phrase for logs
