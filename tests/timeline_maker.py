"""Small folders of annotations in THUMOS14's form."""

from pathlib import Path

TINY = {
    "Jump_val": "video_validation_1  3.0 8.0\nvideo_validation_1  15.0 19.0\n",
    "Throw_val": "video_validation_2  5.0 11.0\nvideo_validation_2  30.0 33.0\n",
    "Ambiguous_val": "video_validation_2  40.0 42.0\n",
    "Jump_test": "video_test_1  4.0 9.0\nvideo_test_1  20.0 22.5\n",
    "Throw_test": "video_test_2  6.0 12.0\n",
}


def write_timeline(folder: Path, files: dict[str, str] = TINY) -> Path:
    """Write annotations, a text a file, as THUMOS14's archives hold them."""
    for name, text in files.items():
        path = folder / name.rsplit("_")[-1] / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder
