"""Files of features as the features stage leaves them, found and described."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.datasets import Video
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.grid import SnippetGrid
from pipeline.storage import TEMPORARY_PREFIX, read_header

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class FeatureFile:
    """One video's file of features, and what its header says."""

    path: Path
    grid: SnippetGrid
    widths: dict[str, int]  # columns of each stream, in their order
    made_by: Any  # all parameters that decided the features
    video: Video | None = None  # what a dataset says of it, where one was given

    @property
    def name(self) -> str:
        """The video's id as a file name."""
        return self.path.stem

    @property
    def id(self) -> str:
        """The video's id."""
        return unquote(self.name)

    def annotations(self) -> list[dict[str, Any]]:
        """The action instances of its video, as ActivityNet writes them."""
        instances = self.video.instances if self.video else ()
        return [
            {"label": i.label, "segment": [i.start_seconds, i.end_seconds]}
            for i in instances
        ]


def find_features(folder: Path) -> list[FeatureFile]:
    """All files of features of one kind, in a features folder or a work folder.

    Raises:
        InputNotFoundError: No such folder, or no features in it.
        UsageError: A work folder holds features of several kinds.
        AnnotationError: A file holds no features, or not such as the others.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder; give a work folder, or one of its features/"
        )
    below = folder / "features"
    folders = [f for f in (folder, *_folders(below), *_folders(folder)) if _files(f)]
    if not folders:
        raise InputNotFoundError(
            f"{folder}: expected files of features, found none; run ExtractFeatures "
            "first, or give the folder that its files lie in"
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
                f"{file.path}: expected features such as those of {files[0].path.name} "
                f"({_kind(files[0])}), found others ({_kind(file)}); export each kind "
                "from its own folder"
            )
    return files


def read_feature_file(path: Path) -> FeatureFile:
    """Read what a file of features says of itself.

    Raises:
        AnnotationError: It says nothing, or too little.
        SodaError: The file is broken.
    """
    header = read_header(path)
    try:
        grid = SnippetGrid(**header["grid"])
        return FeatureFile(path, grid, header["widths"], header.get("made_by"))
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: expected features that ExtractFeatures wrote, found a file "
            f"without their description ({error!r})"
        ) from error


def _folders(folder: Path) -> list[Path]:
    return sorted(f for f in folder.glob("*") if f.is_dir())


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.glob(f"*{SUFFIX}")
        if not path.name.startswith(TEMPORARY_PREFIX)
    )


def _kind(file: FeatureFile) -> dict[str, Any]:
    """What features must have in common to be one set."""
    grid = file.grid
    return {
        "snippet_frames": grid.snippet_frames,
        "stride_frames": grid.stride_frames,
        "widths": file.widths,
    }
