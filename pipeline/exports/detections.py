"""From a file of detections to another tool's form."""

from pathlib import Path

from pipeline.detection.detections import (
    Detection,
    Detections,
    check_detections,
    read_detections,
)
from pipeline.errors import AnnotationError, UsageError
from pipeline.exports.formats import FORMATS, Format
from pipeline.exports.media import Media


def export_detections(
    path: Path,
    format: str,
    output: Path | None = None,
    min_score: float | None = None,
    top: int | None = None,
    media: Media | None = None,
) -> tuple[Path, dict[str, list[Detection]]]:
    """Write detections in another form; returns where, and those that were chosen.

    Args:
        path: Detections, as JSON or CSV.
        format: One of `FORMATS`.
        output: None means the format's own name in the folder `exports`.
        min_score: Leave out detections with less; None keeps all.
        top: Keep so many of each video, the strongest; None keeps all.
        media: What is known of the videos.

    Raises:
        UsageError: No such format, nothing is left to write, or something is missing
            that the format needs.
        InputNotFoundError: No such file of detections, or no such video.
        AnnotationError: The file holds no detections.
        VideoError: A video cannot be read.
    """
    chosen, media = _format(format), media or Media()
    check_media(format, media)
    target = output or chosen.output
    if target.resolve() == path.resolve():
        raise UsageError(f"--output {target}: is the file to read; choose another")
    detections = read_detections(path)
    check_detections(detections)
    kept = strongest(detections, min_score, top)
    if not any(kept.values()):
        raise _nothing(path, detections, min_score)
    for id in kept:
        media.file(id)  # one that is missing is named before anything is written
    chosen.write(target, kept, media)
    return target, kept


def strongest(
    detections: Detections, min_score: float | None = None, top: int | None = None
) -> dict[str, list[Detection]]:
    """The strongest detections of every video, by descending score.

    Videos of which none is left stay, so that every video has its own output.

    Raises:
        UsageError: `top` is less than 1.
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


def check_media(format: str, media: Media) -> None:
    """Refuse what would change nothing.

    Raises:
        UsageError: The format needs to know nothing of the videos, or not that.
    """
    for option, value in (("videos", media.folder), ("fps", media.fps)):
        if value is not None and option not in FORMATS[format].uses:
            raise UsageError(f"--{option}: changes nothing of {format}; leave it out")


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"--format {name}: expected one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _nothing(
    path: Path, detections: Detections, min_score: float | None
) -> AnnotationError | UsageError:
    """Why there is nothing to export."""
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
