"""Conversion of one video's imported features to this project's format."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import VideoError
from pipeline.features.file import Features, write_features
from pipeline.features.imported.arrays import FeatureLocation, as_sequence, read_array
from pipeline.grid import SnippetGrid
from pipeline.intervals import beyond_end
from pipeline.progress import ShareDone, silent
from pipeline.storage import read_json


def import_features(
    inputs: Sequence[Path],
    output: Path,
    made_by: Mapping[str, Any],
    last_annotated_seconds: float = 0.0,
    progress: ShareDone = silent,
) -> None:
    """Write a video's imported features, with their times, as safetensors.

    Args:
        inputs: The video's plan (see `plan.py`), then the files.
        made_by: All parameters that the features depend on, for the file's header.

    Raises:
        VideoError: The video has no features, or they cannot be used.
    """
    plan = read_json(inputs[0])
    if not plan["streams"]:
        raise VideoError(plan["missing"])
    streams = {
        stream: _read(file, plan["transposed"])
        for stream, file in plan["streams"].items()
    }
    lengths = {stream: len(array) for stream, array in streams.items()}
    if len(set(lengths.values())) > 1:
        raise VideoError(
            f"{plan['id']}: expected streams of the same length, found {lengths}; "
            "check that they are of the same video and made with the same stride"
        )
    features = np.concatenate(list(streams.values()), axis=1)
    grid = SnippetGrid(**plan["grid"])
    if beyond := beyond_end(last_annotated_seconds, grid.end_seconds):
        raise VideoError(
            f"{plan['id']}: an annotation {beyond}, given {len(features)} features, "
            f"one every {grid.stride_frames} frames at {grid.fps:g} fps; check "
            "--features-fps and --features-stride"
        )
    widths = {stream: array.shape[1] for stream, array in streams.items()}
    digest = hashlib.sha256(features.tobytes()).hexdigest()
    source = {"name": inputs[1].name, "sha256": digest}
    write_features(output, Features(features, grid, widths), source, made_by)
    progress(1.0)


def _read(file: Mapping[str, str], is_transposed: bool) -> np.ndarray:
    location = FeatureLocation(Path(file["path"]), file["key"])
    try:
        return as_sequence(read_array(location), is_transposed)
    except ValueError as error:
        raise VideoError(f"{location.path}: {error}") from error
