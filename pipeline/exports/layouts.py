"""The forms in which features can leave: which files, and what is said beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.exports.actionformer import write_actionformer
from pipeline.exports.basnet import basnet_outputs, write_basnet
from pipeline.exports.feature_file import FeatureFile


@dataclass(frozen=True)
class Layout:
    """One form of features."""

    # Of one video: the files, from the folder on, and their stream; None is all.
    outputs: Callable[[FeatureFile], Mapping[str, str | None]]
    # Whether it says which videos train and what is in them.
    dataset: Literal["no", "optional", "needed"]
    # Write what a reader needs beside `features.json`; classes are the dataset's.
    write_beside: Callable[[Path, Sequence[FeatureFile], Sequence[str]], None]


def joint(file: FeatureFile) -> dict[str, None]:
    """One array (T, D) a video, the streams side by side."""
    return {f"{file.name}.npy": None}


LAYOUTS = {
    "npy": Layout(joint, "no", lambda folder, files, classes: None),
    "basnet": Layout(basnet_outputs, "needed", write_basnet),
    "actionformer": Layout(joint, "optional", write_actionformer),
}
