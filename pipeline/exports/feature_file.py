"""Files of features as the features stage writes them, found and described."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.datasets import Video
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError, in_words
from pipeline.grid import SnippetGrid
from pipeline.storage import TEMPORARY_PREFIX, read_header


@dataclass(frozen=True)
class FeatureFile:
    """The file of features of one video, with its header."""

    path: Path
    grid: SnippetGrid
    widths: dict[str, int]  # columns of each stream, in their order
    made_by: Any  # all parameters that determine the features
    video: Video | None = None  # its entry in the dataset, if one is given

    @property
    def name(self) -> str:
        """The video's id as a file name."""
        return self.path.stem

    @property
    def id(self) -> str:
        """The video's id."""
        return unquote(self.name)

    def annotations(self) -> list[dict[str, Any]]:
        """Return the action instances of the video in ActivityNet's form."""
        instances = self.video.instances if self.video else ()
        return [
            {"label": i.label, "segment": [i.start_seconds, i.end_seconds]}
            for i in instances
        ]


def find_features(folder: Path) -> list[FeatureFile]:
    """Find the files of features in a features folder or a work folder.

    Raises:
        InputNotFoundError: If the folder does not exist or holds no features.
        UsageError: If a work folder holds features of several kinds.
        AnnotationError: If a file holds no features, or features of another kind than
            the other files.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: expected a folder, found none; give a work folder, or a folder "
            "in its features/"
        )
    below = folder / "features"
    inner = (*sorted(below.glob("*/")), *sorted(folder.glob("*/")))
    folders = [f for f in (folder, *inner) if _files(f)]
    if not folders:
        raise InputNotFoundError(
            f"{folder}: expected files of features, found none; run ExtractFeatures "
            "first, or give the folder that contains its files"
        )
    if len(folders) > 1 and folders[0] != folder:
        listed = ", ".join(str(f) for f in folders)
        raise UsageError(
            f"{folder}: expected one kind of features, found {len(folders)}; give one "
            f"of {listed}"
        )
    files = [read_feature_file(path) for path in _files(folders[0])]
    for file in files[1:]:
        if _kind(file) != _kind(files[0]):
            raise AnnotationError(
                f"{file.path}: expected features of the same kind as in "
                f"{files[0].path.name} ({_kind(files[0])}), found others "
                f"({_kind(file)}); export each kind from its own folder"
            )
    return files


def read_feature_file(path: Path) -> FeatureFile:
    """Read the header of a file of features.

    Raises:
        AnnotationError: If the header is missing or incomplete.
        SodaError: If the file is broken.
    """
    header = read_header(path)
    try:
        grid = SnippetGrid(**header["grid"])
        return FeatureFile(path, grid, header["widths"], header.get("made_by"))
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: expected features that ExtractFeatures wrote, found a file "
            f"without a complete header ({in_words(error)})"
        ) from error


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.glob("*.safetensors")
        if not path.name.startswith(TEMPORARY_PREFIX)
    )


def _kind(file: FeatureFile) -> dict[str, Any]:
    """Return the properties that all features of one set must share."""
    grid = file.grid
    return {
        "snippet_frames": grid.snippet_frames,
        "stride_frames": grid.stride_frames,
        "widths": file.widths,
    }
