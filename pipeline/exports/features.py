"""Export of files of features to the arrays of another tool."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.datasets import Dataset
from pipeline.errors import UsageError
from pipeline.exports.actionformer import write_actionformer
from pipeline.exports.basnet import basnet_outputs, write_basnet
from pipeline.exports.feature_file import FeatureFile, find_features
from pipeline.features.file import columns_by_stream
from pipeline.progress import Progress, count_of, say
from pipeline.storage import atomic_path, file_name, read_arrays, write_json


@dataclass(frozen=True)
class Layout:
    """One layout of features."""

    # The files of one video, relative to the folder, and their stream; None: all.
    outputs: Callable[[FeatureFile], Mapping[str, str | None]]
    # Use of a dataset: its subsets and annotations.
    dataset: Literal["no", "optional", "needed"]
    # Writes the other files that a reader needs, given the dataset's classes.
    write_beside: Callable[[Path, Sequence[FeatureFile], Sequence[str]], None]


def joint(file: FeatureFile) -> dict[str, None]:
    """Return one array (T, D) per video, with the streams side by side."""
    return {f"{file.name}.npy": None}


LAYOUTS = {
    "npy": Layout(joint, "no", lambda folder, files, classes: None),
    "basnet": Layout(basnet_outputs, "needed", write_basnet),
    "actionformer": Layout(joint, "optional", write_actionformer),
}


def export_features(
    folder: Path, format: str, output: Path, dataset: Dataset | None = None
) -> int:
    """Write features (T, D), float32, in another tool's layout.

    Next to the arrays, `features.json` records the times of the snippets. Arrays that
    are up to date with their file of features are not written again.

    Args:
        folder: A folder of features, or a work folder that has one set of them.
        format: One of `LAYOUTS`.
        output: The folder to write.
        dataset: The subsets and annotations; only its videos are written.

    Returns:
        The number of videos exported.

    Raises:
        UsageError: If there is no such layout, if no video is left, or if the dataset
            is missing.
        InputNotFoundError: If there are no features.
        AnnotationError: If a file holds no features, or features of another kind.
    """
    layout = _layout(format, dataset)
    dataset = None if layout.dataset == "no" else dataset
    files = find_features(folder)
    if dataset:
        files = _of_dataset(files, dataset)
    to_do = []
    for file in files:
        paths = {output / path: stream for path, stream in layout.outputs(file).items()}
        if not all(_is_made_of(path, file.path) for path in paths):
            to_do.append((file, paths))
    layout.write_beside(output, files, dataset.classes if dataset else ())
    weights = [file.path.stat().st_size for file, _ in to_do]
    with Progress(f"export {format}", len(files), weights) as bar:
        for (file, paths), done in zip(to_do, accumulate(weights), strict=True):
            _write_arrays_of(file, paths)
            bar.update(done)
    write_json(output / "features.json", describe(files, format))
    return len(files)


def describe(files: Sequence[FeatureFile], format: str) -> dict[str, Any]:
    """Describe the times of the snippets of exported features, and their origin.

    Snippet i of a video covers its frames [i * stride, i * stride + snippet). Frame k
    appears on screen at start + k / fps seconds.
    """
    first = files[0]
    return {
        "format": format,
        "snippet_frames": first.grid.snippet_frames,
        "stride_frames": first.grid.stride_frames,
        "widths": first.widths,
        "made_by": first.made_by,
        "videos": {
            file.name: {
                "id": file.id,
                "fps": file.grid.fps,
                "start_seconds": file.grid.start_seconds,
                "duration_seconds": file.grid.duration_seconds,
                "num_snippets": file.grid.num_snippets,
            }
            for file in files
        },
    }


def _layout(name: str, dataset: Dataset | None) -> Layout:
    if name not in LAYOUTS:
        raise UsageError(f"--format {name}: expected one of {', '.join(LAYOUTS)}")
    layout = LAYOUTS[name]
    if layout.dataset == "needed" and dataset is None:
        raise UsageError(
            f"--format {name}: expected a dataset with the training and test videos, "
            "found none; give it with --dataset"
        )
    if layout.dataset == "no" and dataset is not None:
        say(f"--dataset has no effect on {name}, which has all videos")
    return layout


def _of_dataset(files: Sequence[FeatureFile], dataset: Dataset) -> list[FeatureFile]:
    """Return the files of a dataset's videos, with the dataset's entry of each."""
    videos = {file_name(video.id): video for video in dataset.videos}
    kept = [replace(f, video=videos[f.name]) for f in files if f.name in videos]
    if not kept:
        raise UsageError(
            f"{dataset.source}: expected the videos of the features, such as "
            f"{files[0].id!r}, found none of them; give their dataset with --dataset"
        )
    if len(kept) < max(len(files), len(videos)):
        say(
            f"{count_of(len(kept), 'video is', 'videos are')} exported: the dataset "
            f"has {len(videos)}, and there are features for {len(files)}"
        )
    return kept


def _is_made_of(output: Path, source: Path) -> bool:
    """Return whether an output has the modification time of its source."""
    return output.exists() and output.stat().st_mtime_ns == source.stat().st_mtime_ns


def _write_arrays_of(file: FeatureFile, paths: dict[Path, str | None]) -> None:
    """Write a video's arrays, whole or not at all, with the times of its features."""
    status = file.path.stat()
    features = read_arrays(file.path)[0]["features"]
    parts = columns_by_stream(features, file.widths)
    for path, stream in paths.items():
        with atomic_path(path) as temporary:
            np.save(temporary, features if stream is None else parts[stream])
            os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
