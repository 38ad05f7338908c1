"""Export of a file of detections to the format of another tool."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.detection.detections import (
    Detection,
    Detections,
    check_detections,
    read_detections,
    write_results,
    write_table,
)
from pipeline.errors import AnnotationError, UsageError
from pipeline.exports.elan import write_eaf
from pipeline.exports.fiftyone import write_fiftyone
from pipeline.exports.label_studio import write_label_studio
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import write_srt, write_vtt
from pipeline.progress import count_of, say


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
    "srt": Format(EXPORTS / "srt", write_srt, ("videos",)),
    "vtt": Format(EXPORTS / "vtt", write_vtt, ("videos",)),
    "fiftyone": Format(EXPORTS / "fiftyone", write_fiftyone, ("videos",)),
    "labelstudio": Format(
        EXPORTS / "label_studio.json", write_label_studio, ("videos", "fps")
    ),
    "eaf": Format(EXPORTS / "eaf", write_eaf, ("videos",)),
}


def export_detections(
    path: Path,
    format: str,
    output: Path | None = None,
    min_score: float | None = None,
    top: int | None = None,
    media: VideoFiles | None = None,
) -> tuple[Path, dict[str, list[Detection]]]:
    """Write detections, from JSON or CSV, in another format.

    Args:
        path: The file of detections.
        format: One of `FORMATS`.
        output: The file or folder to write; None means the format's default.
        min_score: The lowest score to export.
        top: The number of strongest detections to export per video.
        media: The folder and frame rate of the videos, for formats that need them.

    Returns:
        The path that was written, and the exported detections by video.

    Raises:
        UsageError: If there is no such format, if no detection is left to write, or if
            the format needs something that is missing.
        InputNotFoundError: If the file of detections or a video does not exist.
        AnnotationError: If the file holds no detections.
        VideoError: If a video cannot be read.
    """
    media = media or VideoFiles()
    chosen = _format(format, media)
    media = media if chosen.uses else VideoFiles()
    target = output or chosen.output
    if target.resolve() == path.resolve():
        raise UsageError(
            f"--output {target}: expected a new file, found the input file; choose "
            "another"
        )
    detections = read_detections(path)
    check_detections(detections)
    kept = strongest(detections, min_score, top)
    if not any(kept.values()):
        raise _nothing(path, detections, min_score)
    for id in kept:
        media.file(id)  # report a missing video before anything is written
    chosen.write(target, kept, media)
    return target, kept


def strongest(
    detections: Detections, min_score: float | None = None, top: int | None = None
) -> dict[str, list[Detection]]:
    """Return the strongest detections of every video, by descending score.

    Videos without any detection left are kept, so that every video has an output.

    Raises:
        UsageError: If `top` is less than 1.
    """
    if top is not None and top < 1:
        raise UsageError(f"--top {top}: expected 1 or more")
    return {
        id: [
            d
            for d in sorted(found, key=lambda d: -d.score)
            if min_score is None or d.score >= min_score
        ][:top]
        for id, found in detections.items()
    }


def _format(name: str, media: VideoFiles) -> Format:
    """Return a format, and name the options that have no effect on it."""
    if name not in FORMATS:
        raise UsageError(f"--format {name}: expected one of {', '.join(FORMATS)}")
    for option, value in (("videos", media.folder), ("fps", media.fps)):
        if value is not None and option not in FORMATS[name].uses:
            say(f"--{option} has no effect on {name}")
    return FORMATS[name]


def _nothing(
    path: Path, detections: Detections, min_score: float | None
) -> AnnotationError | UsageError:
    """Return the error that explains why no detection can be exported."""
    scores = [d.score for found in detections.values() for d in found]
    if not scores:
        return AnnotationError(
            f"{path}: expected detections to export, found none in "
            f"{count_of(len(detections), 'video')}; lower the thresholds of "
            "DetectActions"
        )
    return UsageError(
        f"{path}: expected detections with a score of {min_score} or more, found "
        f"{max(scores):g} at most; lower --min-score"
    )
