"""What is to be imported for each video, and when its snippets are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.datasets import Video
from pipeline.errors import AnnotationError, UsageError
from pipeline.features.imported.arrays import FeatureFile, forget_arrays, read_array
from pipeline.features.imported.config import ImportConfig
from pipeline.features.imported.folder import JOINT, find_features
from pipeline.features.imported.timing import Timing, choose_timing, read_stated
from pipeline.storage import plain


class ImportPlan(NamedTuple):
    """How features of a folder are read."""

    timing: Timing
    videos: dict[str, dict[str, Any]]  # by id, as JSON can hold it


def plan_imports(
    folder: Path, videos: Sequence[Video], config: ImportConfig, streams: str
) -> ImportPlan:
    """Find the features of a dataset's videos, and say how each is read.

    Args:
        folder: Holds the features (see `find_features`).
        videos: The dataset's videos; their durations, where they are annotated, tell
            the rate of the features.
        config: What the user says of that rate.
        streams: `auto` and `both` take what there is, `rgb` and `flow` one of two.

    Raises:
        InputNotFoundError: No such folder, or no features of any of the videos.
        UsageError: One stream is wanted, of features that hold both as one.
        AnnotationError: The features of a video are doubtful, or of a width of their
            own.
        VideoError: A file cannot be read.
    """
    found = {
        id: _chosen(id, files, streams)
        for id, files in find_features(folder, [v.id for v in videos]).items()
    }
    shapes = {
        id: {stream: read_array(file).shape for stream, file in files.items()}
        for id, files in found.items()
    }
    forget_arrays()
    is_transposed = _is_transposed(folder, shapes)
    axis = 1 if is_transposed else 0
    lengths = {
        id: _axes(next(iter(of_video.values())))[axis]
        for id, of_video in shapes.items()
    }
    durations = {video.id: video.duration_seconds for video in videos}
    timing = choose_timing(config, lengths, durations, read_stated(folder))
    return ImportPlan(
        timing,
        {
            v.id: {
                "id": v.id,
                "streams": plain(found.get(v.id, {})),
                "transposed": is_transposed,
                "grid": timing.grid(v.id, lengths[v.id], v.duration_seconds).to_dict()
                if v.id in lengths
                else None,
                "missing": f"{folder}: expected features of the video {v.id!r}, found "
                "none; make them, or leave the video out of the annotations",
            }
            for v in videos
        },
    )


def _chosen(
    id: str, files: Mapping[str, FeatureFile], streams: str
) -> dict[str, FeatureFile]:
    """The streams of a video that are wanted, RGB before flow."""
    if JOINT in files and len(files) > 1:
        raise AnnotationError(
            f"{files[JOINT].path}: the features of {id} are there both as one and by "
            "stream; remove one of them, or name a folder that holds one alone"
        )
    if streams in ("auto", "both"):
        return {stream: files[stream] for stream in sorted(files, reverse=True)}
    if streams not in files:
        raise UsageError(
            f"--streams {streams}: {next(iter(files.values())).path} does not hold "
            f"that stream apart (of {id} there is: {', '.join(files)}); leave it out"
        )
    return {streams: files[streams]}


def _is_transposed(
    folder: Path, shapes: Mapping[str, Mapping[str, tuple[int, ...]]]
) -> bool:
    """Whether features stand as (D, T): the axis that all videos share is D.

    Raises:
        AnnotationError: They share none.
    """
    for axis in (1, 0):
        widths = {
            (stream, _axes(shape)[axis])
            for of_video in shapes.values()
            for stream, shape in of_video.items()
        }
        if len(widths) == len({stream for stream, _ in widths}):
            return axis == 0
    some = ", ".join(f"{id} {of_video}" for id, of_video in list(shapes.items())[:3])
    raise AnnotationError(
        f"{folder}: expected arrays (T, D) with one D for all videos, found {some}"
    )


def _axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Two axes, as `as_sequence` makes them; of what it refuses, whatever there is."""
    kept = tuple(n for n in shape if n != 1) if len(shape) > 2 else shape
    return (*kept, 0, 0)[:2]
