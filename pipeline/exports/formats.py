"""The formats to which detections can be exported."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.detection.detections import Detections, write_results, write_table
from pipeline.exports.elan import write_eaf
from pipeline.exports.fiftyone import write_fiftyone
from pipeline.exports.label_studio import write_label_studio
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import write_srt, write_vtt


@dataclass(frozen=True)
class Format:
    """One format of detections: its default output, and the function that writes it."""

    output: Path  # a file, or a folder with one file per video
    write: Callable[[Path, Detections, VideoFiles], None]
    uses: tuple[str, ...] = ()  # the options about videos that it uses


EXPORTS = Path("exports")

FORMATS = {
    "activitynet": Format(
        EXPORTS / "detections.json", lambda path, found, _: write_results(path, found)
    ),
    "csv": Format(
        EXPORTS / "detections.csv", lambda path, found, _: write_table(path, found)
    ),
    "srt": Format(EXPORTS / "srt", write_srt),
    "vtt": Format(EXPORTS / "vtt", write_vtt),
    "fiftyone": Format(EXPORTS / "fiftyone", write_fiftyone, ("videos",)),
    "labelstudio": Format(
        EXPORTS / "label_studio.json", write_label_studio, ("videos", "fps")
    ),
    "eaf": Format(EXPORTS / "eaf", write_eaf, ("videos",)),
}
