"""A trained network as a file that runs without this project."""

import importlib.util
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.config import TrainConfig
from models.portable import Portable
from pipeline.datasets import BACKGROUND
from pipeline.errors import SodaError, UsageError
from pipeline.exports.formats import EXPORTS
from pipeline.model_folder.folder import load_model
from pipeline.storage import atomic_path, fingerprint

METADATA = "soda.json"  # the name of the description in an exported file
EXAMPLE = 16  # snippets of what is traced; the file takes any number
OUTPUTS = ("cas", "video_scores")
TOLERANCE = 1e-4  # of the largest value, and at least of 1
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")

# A network that was exported: features (snippets, width) to CAS and video scores.
Exported = Callable[[Tensor], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class NetworkFormat:
    """One form: its file's suffix, how it is written, and how it is read again."""

    suffix: str
    write: Callable[[Path, Portable, Tensor, str], None]
    read: Callable[[Path], Exported]
    packages: tuple[str, ...] = ()


def export_network(
    folder: Path, format: str, output: Path | None = None
) -> tuple[Path, float]:
    """Write a model's master, with rescaling and video scores, as one file.

    What was written is read again and compared with the network on random features of
    several lengths before it takes its place.

    Args:
        folder: The model's.
        format: One of `NETWORKS`.
        output: None means `model` with the format's suffix in the folder `exports`.

    Returns:
        Where it is, and the largest difference that was found.

    Raises:
        UsageError: No such format, or packages are missing that it needs.
        InputNotFoundError: The folder holds no model.
        SodaError: The exported network says something else.
    """
    chosen = _format(format)
    model, description = load_model(folder)
    config = TrainConfig(**description["train"])
    portable = Portable(model, config).eval().requires_grad_(False)
    width = int(description["features"])
    target = output or EXPORTS / f"model{chosen.suffix}"
    with atomic_path(target) as temporary:
        metadata = json.dumps(describe(description), ensure_ascii=False)
        chosen.write(temporary, portable, example(EXAMPLE, width), metadata)
        exported = chosen.read(temporary)
        difference = max(
            compare(exported, portable, example(snippets, width))
            for snippets in (1, 2, config.cells, 3 * config.cells + 1)
        )
        if not difference <= TOLERANCE:
            raise SodaError(
                f"{target}: expected the same sequences as of {folder} within "
                f"{TOLERANCE:g}, found a difference of {difference:g}; try the other "
                f"format of {', '.join(NETWORKS)}"
            )
    return target, difference


def describe(description: dict[str, Any]) -> dict[str, Any]:
    """What an exported file says of itself."""
    return {
        "input": "features (snippets, width), float32, of any number of snippets",
        "outputs": {
            "cas": "class activation sequence (categories, cells), raw",
            "video_scores": "(categories), a softmax",
        },
        "categories": [BACKGROUND, *description["classes"]],
        "cells": description["train"]["cells"],
        "width": description["features"],
        "features": description["made_of"],
        "features_fingerprint": fingerprint(description["made_of"]),
        "detect": description["detect"],
    }


def example(snippets: int, width: int) -> Float[Tensor, "snippets width"]:
    """Random features, the same each time."""
    generator = torch.Generator().manual_seed(snippets)
    return torch.rand(snippets, width, generator=generator)


def compare(exported: Exported, portable: Portable, features: Tensor) -> float:
    """The largest difference of the outputs, as a share of the largest value."""
    differences = []
    for found, expected in zip(exported(features), portable(features), strict=True):
        scale = max(1.0, float(expected.abs().max()))
        differences.append(float(np.abs(found - expected.numpy()).max()) / scale)
    return max(differences)


def write_torchscript(
    path: Path, portable: Portable, features: Tensor, metadata: str
) -> None:
    """Trace the network; `torch.jit.load` alone reads it."""
    with warnings.catch_warnings():
        # PyTorch calls for torch.export, whose files need the very same version; and
        # the number of cells, which it takes for a constant, is one.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(portable, (features,))
        torch.jit.save(traced, str(path), _extra_files={METADATA: metadata})


def read_torchscript(path: Path) -> Exported:
    """The traced network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.jit.load(str(path))

    def run(features: Tensor) -> tuple[np.ndarray, np.ndarray]:
        cas, scores = network(features)
        return cas.numpy(), scores.numpy()

    return run


def write_onnx(path: Path, portable: Portable, features: Tensor, metadata: str) -> None:
    """Export by PyTorch's own exporter, in one file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            portable,
            (features,),
            dynamo=True,
            dynamic_shapes={"features": {0: torch.export.Dim("snippets", min=1)}},
            input_names=["features"],
            output_names=list(OUTPUTS),
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props[METADATA] = metadata
    program.save(str(path), external_data=False)


def read_onnx(path: Path) -> Exported:
    """The network in ONNX Runtime, on the processor."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )

    def run(features: Tensor) -> tuple[np.ndarray, np.ndarray]:
        cas, scores = session.run(list(OUTPUTS), {"features": features.numpy()})
        return cas, scores

    return run


NETWORKS = {
    "torchscript": NetworkFormat(".pt", write_torchscript, read_torchscript),
    "onnx": NetworkFormat(".onnx", write_onnx, read_onnx, ONNX_PACKAGES),
}


def _format(name: str) -> NetworkFormat:
    if name not in NETWORKS:
        raise UsageError(f"--format {name}: expected one of {', '.join(NETWORKS)}")
    chosen = NETWORKS[name]
    missing = [p for p in chosen.packages if importlib.util.find_spec(p) is None]
    if missing:
        raise UsageError(
            f"--format {name}: expected the packages {', '.join(chosen.packages)}, "
            f"found no {', '.join(missing)}; install them with "
            "pip install 'soda-localizer[onnx]'"
        )
    return chosen
