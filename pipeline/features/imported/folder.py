"""The files of each video's features, in the folder layouts of the field."""

import os
from collections.abc import Sequence
from pathlib import Path

import h5py

from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.features.imported.arrays import (
    FeatureLocation,
    features_file,
    read_array,
)
from pipeline.progress import shown
from pipeline.storage import file_name, stay_inside

SUFFIXES = (".npy", ".npz", ".safetensors", ".h5", ".hdf5")
NAMES_FILE = "videoname.npy"  # the ids of the videos in an array of arrays, in order
STREAMS = ("rgb", "flow")
JOINT = "joint"


def find_features(
    folder: Path, ids: Sequence[str]
) -> dict[str, dict[str, FeatureLocation]]:
    """Find the features of the videos `ids`, by stream: `joint`, or `rgb` and `flow`.

    Nested folders are included. A file is named like its video (see `VideoNames`).
    In a folder `rgb` or `flow` (BaSNet's layout) it holds that stream, elsewhere all
    streams. An HDF5 file may hold a group or an array for each video, and an array of
    arrays (W-TALC's and SF-Net's layout) one for each name in `videoname.npy`.

    Raises:
        InputNotFoundError: The folder does not exist, or has no features of any video.
        AnnotationError: Two files hold the same stream of a video.
        VideoError: A file of several videos cannot be read.
        UsageError: A link leads out of the folder.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: expected a folder of features, found none; check --features-dir"
        )
    wanted = VideoNames({id: (file_name(id),) for id in ids})
    others: list[str] = []
    found: dict[str, dict[str, FeatureLocation]] = {}
    for path in _feature_files(folder):
        stream = _stream_of(path.relative_to(folder))
        for name, file in _contents(path, folder, wanted):
            id = wanted.id_of(name)
            if id is None:
                others.append(name)
                continue
            streams = found.setdefault(id, {})
            if stream in streams:
                raise AnnotationError(
                    f"{folder}: two files hold the {stream} features of {id}: "
                    f"{streams[stream].path} and {path}; remove one"
                )
            streams[stream] = file
    if not found:
        raise InputNotFoundError(
            f"{folder}: expected features of the dataset's videos, named like them "
            f"({shown(ids)}, with one of {', '.join(SUFFIXES)}), found "
            + (f"only others: {shown(others)}" if others else "none")
            + "; set --features-dir to the folder that holds them"
        )
    return found


def _feature_files(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        files = [n for n in names if n.endswith(SUFFIXES) and not n.startswith(".")]
        for name in (*folders, *files):
            stay_inside(Path(parent, name), folder)
        found += [Path(parent, name) for name in files if name != NAMES_FILE]
    return sorted(found)


def _stream_of(path: Path) -> str:
    parents = {part.lower() for part in path.parts[:-1]}
    return next((stream for stream in STREAMS if stream in parents), JOINT)


def _contents(
    path: Path, folder: Path, wanted: VideoNames
) -> list[tuple[str, FeatureLocation]]:
    """Return the names of the videos in a file, with the location of each."""
    if wanted.id_of(path.stem):
        return [(path.stem, FeatureLocation(path))]
    if not path.is_file():
        return []
    if path.suffix in (".h5", ".hdf5"):
        with features_file(path), h5py.File(path) as file:
            return [(name, FeatureLocation(path, name)) for name in file]
    # Other arrays in the same folder have one label or duration per video.
    if path.suffix != ".npy" or "features" not in path.stem.lower():
        return [(path.stem, FeatureLocation(path))]
    names = [*path.parent.glob(NAMES_FILE), *sorted(folder.rglob(NAMES_FILE))]
    listed = read_array(FeatureLocation(names[0])).tolist() if names else []
    return [
        (n.decode() if isinstance(n, bytes) else str(n), FeatureLocation(path, str(i)))
        for i, n in enumerate(listed)
    ]
