"""The layouts to which features can be exported: their arrays and other files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.exports.actionformer import write_actionformer
from pipeline.exports.basnet import basnet_outputs, write_basnet
from pipeline.exports.feature_file import FeatureFile


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
