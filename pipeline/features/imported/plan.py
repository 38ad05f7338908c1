"""The plan of an import: the files and the snippet times of each video."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.datasets import Video
from pipeline.errors import AnnotationError, UsageError, VideoError
from pipeline.features.imported.arrays import FeatureLocation, forget_arrays, read_array
from pipeline.features.imported.folder import JOINT, find_features
from pipeline.features.imported.timing import (
    ImportConfig,
    Timing,
    choose_timing,
    read_stated,
)
from pipeline.storage import plain


def plan_imports(
    folder: Path, videos: Sequence[Video], config: ImportConfig, streams: str
) -> tuple[Timing, dict[str, dict[str, Any]]]:
    """Find the features of a dataset's videos, and plan how to read each.

    The plans come with the timing, by the id of the video, as plain values for JSON.

    Args:
        folder: The folder of the features (see `find_features`).
        videos: The dataset's videos, with their annotated durations.
        config: The user's settings for the timing.
        streams: `auto` and `both` use all streams found, `rgb` and `flow` only one.

    Raises:
        InputNotFoundError: The folder does not exist, or has no features of any video.
        UsageError: One stream is requested, but the files do not separate the streams.
        AnnotationError: The features of a video are ambiguous, or the videos' features
            have no width in common.
        VideoError: No file can be read, or one of several videos cannot.
    """
    found = {
        id: _chosen(id, files, streams)
        for id, files in find_features(folder, [v.id for v in videos]).items()
    }
    shapes: dict[str, dict[str, tuple[int, ...]]] = {}
    unreadable: dict[str, VideoError] = {}
    for id, files in found.items():
        try:
            shapes[id] = {s: read_array(file).shape for s, file in files.items()}
        except VideoError as error:
            unreadable[id] = error
    forget_arrays()
    if not shapes:  # it is not one bad file
        raise next(iter(unreadable.values()))
    is_transposed = _is_transposed(folder, shapes)
    axis = 1 if is_transposed else 0
    lengths = {
        id: _axes(next(iter(of_video.values())))[axis]
        for id, of_video in shapes.items()
    }
    durations = {video.id: video.duration_seconds for video in videos}
    timing = choose_timing(config, lengths, durations, read_stated(folder))
    return timing, {
        v.id: {
            "id": v.id,
            "streams": plain(found[v.id]) if v.id in shapes else {},
            "transposed": is_transposed,
            "grid": timing.grid(v.id, lengths[v.id], v.duration_seconds).to_dict()
            if v.id in lengths
            else None,
            "missing": str(unreadable[v.id])
            if v.id in unreadable
            else f"{folder}: expected features of the video {v.id!r}, found none; "
            "extract them, or remove the video from the annotations",
        }
        for v in videos
    }


def _chosen(
    id: str, files: Mapping[str, FeatureLocation], streams: str
) -> dict[str, FeatureLocation]:
    """Return the requested streams of a video, RGB before flow."""
    if JOINT in files and len(files) > 1:
        raise AnnotationError(
            f"{files[JOINT].path}: expected the features of {id} either in one file or "
            "by stream, found both; remove one, or give a folder with only one of them"
        )
    if streams in ("auto", "both"):
        return {stream: files[stream] for stream in sorted(files, reverse=True)}
    if streams not in files:
        raise UsageError(
            f"--streams {streams}: expected a separate file of that stream for {id}, "
            f"found {', '.join(files)} ({next(iter(files.values())).path}); leave the "
            "flag out"
        )
    return {streams: files[streams]}


def _is_transposed(
    folder: Path, shapes: Mapping[str, Mapping[str, tuple[int, ...]]]
) -> bool:
    """Return whether arrays are (D, T): D is the axis of equal length in all videos.

    Raises:
        AnnotationError: The lengths of both axes vary.
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
    """Return the axes after `as_sequence`; any two for arrays that it refuses."""
    kept = tuple(n for n in shape if n != 1) if len(shape) > 2 else shape
    return (*kept, 0, 0)[:2]
