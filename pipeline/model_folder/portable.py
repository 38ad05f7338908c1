"""Export of a trained network to a file that runs without this project."""

import importlib.util
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.config import TrainConfig
from models.portable import Portable
from pipeline.datasets import BACKGROUND
from pipeline.errors import SodaError, UsageError
from pipeline.exports.detections import EXPORTS
from pipeline.model_folder.folder import load_model
from pipeline.storage import atomic_path, fingerprint

METADATA = "soda.json"  # the name of the description in an exported file
EXAMPLE = 16  # snippets of the traced example; the exported file accepts any number
OUTPUTS = ["cas", "video_scores"]
TOLERANCE = 1e-4  # relative to the largest value, or to 1 if that is larger
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")

# An exported network: from features (snippets, width) to CAS and video scores.
Exported = Callable[[Tensor], Sequence[Any]]


@dataclass(frozen=True)
class NetworkFormat:
    """One format: its file suffix, and the functions that write and read it."""

    suffix: str
    write: Callable[[Path, Portable, Tensor, str], None]
    read: Callable[[Path], Exported]
    packages: tuple[str, ...] = ()


def export_network(
    folder: Path, format: str, output: Path | None = None
) -> tuple[Path, float]:
    """Write a model's master, with rescaling and video scores, as one file.

    Before the file is put in place, it is read back and compared with the network on
    random features of several lengths.

    Returns:
        The path of the file, `exports/model` with the format's suffix unless `output`
        is given, and the largest difference that was found.

    Raises:
        UsageError: If there is no such format, or if packages it needs are missing.
        InputNotFoundError: If the folder holds no model.
        SodaError: If the outputs of the exported network differ from the model's.
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
                f"{target}: expected the outputs of {folder} within {TOLERANCE:g}, "
                f"found a difference of {difference:g}; try another format of "
                f"{', '.join(NETWORKS)}"
            )
    return target, difference


def describe(description: dict[str, Any]) -> dict[str, Any]:
    """Return the description that is stored in an exported file."""
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
    """Return random features, the same for every call."""
    generator = torch.Generator().manual_seed(snippets)
    return torch.rand(snippets, width, generator=generator)


def compare(exported: Exported, portable: Portable, features: Tensor) -> float:
    """Return the largest difference of the outputs, relative to the largest value."""
    differences = []
    for found, expected in zip(exported(features), portable(features), strict=True):
        scale = expected.abs().max().clamp(min=1.0)
        differences.append(
            float((torch.as_tensor(found) - expected).abs().max() / scale)
        )
    return max(differences)


def write_torchscript(
    path: Path, portable: Portable, features: Tensor, metadata: str
) -> None:
    """Trace the network; `torch.jit.load` is enough to read the file."""
    # PyTorch recommends torch.export, whose files need the same PyTorch version, and
    # warns that the number of cells becomes a constant, which it is.
    with warnings.catch_warnings(action="ignore"):
        traced = torch.jit.trace(portable, (features,))
        torch.jit.save(traced, str(path), _extra_files={METADATA: metadata})


def read_torchscript(path: Path) -> Exported:
    """Read the traced network."""
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.load(str(path))


def write_onnx(path: Path, portable: Portable, features: Tensor, metadata: str) -> None:
    """Export with PyTorch's own ONNX exporter, to one file."""
    with warnings.catch_warnings(action="ignore"):
        program = torch.onnx.export(
            portable,
            (features,),
            dynamo=True,
            dynamic_shapes={"features": {0: torch.export.Dim("snippets", min=1)}},
            input_names=["features"],
            output_names=OUTPUTS,
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props[METADATA] = metadata
    program.save(str(path), external_data=False)


def read_onnx(path: Path) -> Exported:
    """Read the network into ONNX Runtime, to run on the CPU."""
    import onnxruntime

    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), providers=providers)
    return lambda features: session.run(OUTPUTS, {"features": features.numpy()})


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
