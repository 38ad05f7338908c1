"""ActionFormer's layout: arrays (T, D) in one folder, and values for its YAML."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.exports.feature_file import FeatureFile
from pipeline.storage import write_json


def write_actionformer(
    folder: Path, files: Sequence[FeatureFile], classes: Sequence[str]
) -> None:
    """Write values for ActionFormer's configuration and, for a dataset, annotations.

    ActionFormer places snippets as this project does: the centre of snippet i is at
    (i * feat_stride + num_frames / 2) / fps seconds.
    """
    rates = {file.grid.fps for file in files}
    dataset: dict[str, Any] = {
        "feat_folder": str(folder.resolve()),
        "file_prefix": None,
        "file_ext": ".npy",
        "input_dim": sum(files[0].widths.values()),
        "feat_stride": files[0].grid.stride_frames,
        "num_frames": files[0].grid.snippet_frames,
        # Null means each video's own rate, which is in the annotations.
        "default_fps": rates.pop() if len(rates) == 1 else None,
        "downsample_rate": 1,
    }
    config: dict[str, Any] = {"dataset": dataset}
    if classes:
        path = folder / "annotations.json"
        write_json(path, {"database": _database(files, classes)})
        dataset |= {"json_file": str(path.resolve()), "num_classes": len(classes)}
        config |= {"train_split": ["train"], "val_split": ["test"]}
    write_json(folder / "actionformer.json", config)


def _database(files: Sequence[FeatureFile], classes: Sequence[str]) -> dict[str, Any]:
    index = {label: number for number, label in enumerate(classes)}
    return {
        file.name: {
            "subset": file.video.subset,
            "duration": file.grid.end_seconds,
            "fps": file.grid.fps,
            "annotations": [
                {**a, "label_id": index[a["label"]]} for a in file.annotations()
            ],
        }
        for file in files
        if file.video
    }
