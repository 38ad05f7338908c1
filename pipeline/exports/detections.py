"""Export of a file of detections to the format of another tool."""

from pathlib import Path

from pipeline.detection.detections import (
    Detection,
    Detections,
    check_detections,
    read_detections,
)
from pipeline.errors import AnnotationError, UsageError
from pipeline.exports.formats import FORMATS, Format
from pipeline.exports.media import VideoFiles


def export_detections(
    path: Path,
    format: str,
    output: Path | None = None,
    min_score: float | None = None,
    top: int | None = None,
    media: VideoFiles | None = None,
) -> tuple[Path, dict[str, list[Detection]]]:
    """Write detections in another format.

    Args:
        path: The detections, as JSON or CSV.
        format: One of `FORMATS`.
        output: The file or folder to write; None means the format's default in the
            folder `exports`.
        min_score: The lowest score to export; None exports all.
        top: The number of strongest detections to export per video; None exports all.
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
    chosen, media = _format(format), media or VideoFiles()
    check_media(format, media)
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


def check_media(format: str, media: VideoFiles) -> None:
    """Refuse options that have no effect on the format.

    Raises:
        UsageError: If the format uses neither the videos nor their frame rate, or not
            the one that is given.
    """
    for option, value in (("videos", media.folder), ("fps", media.fps)):
        if value is not None and option not in FORMATS[format].uses:
            raise UsageError(f"--{option}: has no effect on {format}; leave it out")


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"--format {name}: expected one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _nothing(
    path: Path, detections: Detections, min_score: float | None
) -> AnnotationError | UsageError:
    """Return the error that explains why no detection can be exported."""
    scores = [d.score for found in detections.values() for d in found]
    if not scores:
        return AnnotationError(
            f"{path}: expected detections to export, found none in {len(detections)} "
            "videos; lower the thresholds of DetectActions"
        )
    return UsageError(
        f"{path}: expected detections with a score of {min_score} or more, found "
        f"{max(scores):g} at most; lower --min-score"
    )
