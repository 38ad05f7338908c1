"""BaS-Net's layout: one folder per subset and stream.

features/{train,test}/{rgb,flow}/<id>.npy   split_{train,test}.txt   gt.json
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.exports.feature_file import FeatureFile
from pipeline.storage import write_json, write_text

STRIDE_FRAMES = 16  # a constant in BaS-Net's code


def basnet_outputs(file: FeatureFile) -> dict[str, str]:
    """Return one array (T, width) per stream, in a folder of the subset and stream."""
    assert file.video, "the layout needs a dataset"
    return {
        f"features/{file.video.subset}/{stream}/{file.name}.npy": stream
        for stream in file.widths
    }


def write_basnet(
    folder: Path, files: Sequence[FeatureFile], classes: Sequence[str]
) -> None:
    """Write lists of videos, ground truth, and values for BaS-Net's `config.py`.

    Raises:
        UsageError: If the videos differ in frames per second. BaS-Net supports one
            frame rate only.
    """
    rates = {file.grid.fps for file in files}
    if len(rates) > 1:
        raise UsageError(
            "--format basnet: expected features of one frame rate, found "
            f"{', '.join(f'{fps:g}' for fps in sorted(rates))} frames per second; "
            "extract them without --fps 0"
        )
    database = {
        file.name: {"subset": file.video.subset, "annotations": file.annotations()}
        for file in files
        if file.video
    }
    write_json(folder / "gt.json", {"database": database})
    for subset in ("train", "test"):
        names = [id for id, entry in database.items() if entry["subset"] == subset]
        text = "".join(f"{name}\n" for name in names)
        write_text(folder / f"split_{subset}.txt", text)
    widths, grid = files[0].widths, files[0].grid
    config = {
        "modal": "all" if len(widths) > 1 else next(iter(widths)),
        "len_feature": sum(widths.values()),
        # BaS-Net assumes a stride of 16 frames, so another stride becomes another rate.
        "feature_fps": grid.fps * STRIDE_FRAMES / grid.stride_frames,
        "num_classes": len(classes),
        "class_dict": dict(enumerate(classes)),
    }
    write_json(folder / "basnet.json", config)
