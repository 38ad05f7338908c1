"""Where the features of each video lie, in the layouts that the field has."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py

from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.features.imported.arrays import FeatureFile, read_array
from pipeline.storage import file_name

SUFFIXES = (".npy", ".npz", ".safetensors", ".h5", ".hdf5")
NAMES_FILE = "videoname.npy"  # the ids of an array of arrays, in its order
STREAMS = ("rgb", "flow")
JOINT = "joint"


# Of each video's id, its streams: `joint`, or `rgb` and `flow`.
FeatureFiles = Mapping[str, Mapping[str, FeatureFile]]


def find_features(folder: Path, ids: Sequence[str]) -> FeatureFiles:
    """Find the features of the videos `ids`, nested folders included.

    A file is named like its video, with or without `v_` before it. One in a folder
    `rgb` or `flow` (BaSNet's layout) holds that stream, any other all of them. An HDF5
    file may hold a group or an array for each video, and an array of arrays
    (W-TALC's and SF-Net's) one for each name in `videoname.npy`.

    Raises:
        InputNotFoundError: No such folder, or no features of any of the videos.
        AnnotationError: Two files hold the same stream of a video.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder of features; give it with --features-dir"
        )
    wanted = {name: id for id in ids for name in (f"v_{id}", id, file_name(id))}
    found: dict[str, dict[str, FeatureFile]] = {}
    for path in _feature_files(folder):
        stream = _stream_of(path.relative_to(folder))
        for name, file in _contents(path, folder, wanted):
            if name in wanted:
                streams = found.setdefault(wanted[name], {})
                if stream in streams:
                    raise AnnotationError(
                        f"{folder}: two files hold the {stream} features of "
                        f"{wanted[name]}: {streams[stream].path} and {path}; remove one"
                    )
                streams[stream] = file
    if not found:
        raise InputNotFoundError(
            f"{folder}: expected features of the dataset's videos, named like them "
            f"({', '.join(list(ids)[:2])}, with one of {', '.join(SUFFIXES)}), found "
            "none; give the folder that holds them with --features-dir"
        )
    return found


def _feature_files(folder: Path) -> list[Path]:
    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.endswith(SUFFIXES) and name != NAMES_FILE and not name.startswith(".")
    )


def _stream_of(path: Path) -> str:
    parents = {part.lower() for part in path.parts[:-1]}
    return next((stream for stream in STREAMS if stream in parents), JOINT)


def _contents(
    path: Path, folder: Path, wanted: Mapping[str, str]
) -> list[tuple[str, FeatureFile]]:
    """The names of the videos that a file holds, and where."""
    if path.stem in wanted:
        return [(path.stem, FeatureFile(path))]
    if path.suffix in (".h5", ".hdf5"):
        with h5py.File(path) as file:
            return [(name, FeatureFile(path, name)) for name in file]
    # Beside it lie arrays of labels and durations, of as many entries.
    if path.suffix != ".npy" or "features" not in path.stem.lower():
        return []
    names = [*path.parent.glob(NAMES_FILE), *sorted(folder.rglob(NAMES_FILE))]
    listed = read_array(FeatureFile(names[0])).tolist() if names else []
    return [
        (n.decode() if isinstance(n, bytes) else str(n), FeatureFile(path, str(i)))
        for i, n in enumerate(listed)
    ]
