"""The report on a file or folder of detections, without a run."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pipeline.datasets import Instance
from pipeline.datasets.folder import find_detected_videos
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import VideoError
from pipeline.evaluation import (
    evaluate,
    match_detections,
    read_durations,
    read_ground_truth,
)
from pipeline.progress import say
from pipeline.report import Model, RunReport, VideoReport, write_report
from pipeline.report.results import (
    DetectionSet,
    comparison_notes,
    model_names,
    read_detection_set,
)
from pipeline.storage import comparable
from pipeline.video import probe
from pipeline.video.proxy import Proxy

SHORTEST_SECONDS = 1.0  # length of the time line if the video's length is unknown
NOT_PROCESSED = "the video is not among the detections; it counts as one without any"


def report_detections(
    detections: Path,
    output: Path,
    *,
    compare_with: Path | None = None,
    ground_truth: Path | None = None,
    subset: str = "test",
    videos: Path | None = None,
    proxy: Proxy = "auto",
    command: str = "",
) -> Path:
    """Write the pages on a folder or a file of detections, and return the index.

    Args:
        detections: A folder of DetectActions, or a file in ActivityNet's format or CSV.
            Activations are shown if the same folder has them in `cas`.
        output: The folder to write.
        compare_with: Detections of another model.
        ground_truth: Annotations; None scores nothing.
        subset: The subset of the annotations to score on.
        videos: The folder of the videos; None shows none.
        proxy: Which videos get a small copy that every browser plays.
        command: The command line, for the index.

    Raises:
        InputNotFoundError: A file or folder does not exist.
        AnnotationError: A file has the wrong content, or the two models' detections
            are of different videos or classes, or of none that is annotated.
    """
    found = [read_detection_set(path) for path in (detections, compare_with) if path]
    for other in found[1:]:
        found[0].check_same(other)
    truth, durations = {}, {}
    if ground_truth:
        truth = read_ground_truth(ground_truth, subset)
        match_detections(truth, found[0].detections)  # refuses other videos
        names = VideoNames(dict.fromkeys(found[0].detections, ()))
        truth = names.renamed(truth)
        durations = names.renamed(read_durations(ground_truth))
    files = find_files(found[0].detections, videos) if videos else {}
    told = (each.classes for each in found if each.classes)
    report = RunReport(
        title=found[0].title,
        classes=next(told, labels(found, truth)),
        videos=tuple(
            VideoReport(
                id=id,
                subset=subset if id in truth else "",
                path=files.get(id),
                duration_seconds=_seconds(
                    files.get(id), durations.get(id), _ends(id, found, truth)
                ),
                ground_truth=tuple(truth.get(id, ())),
                points=(),
                findings=tuple(each.findings(id) for each in found),
            )
            for id in found[0].detections
        ),
        models=tuple(
            Model(name, evaluate(truth, each.detections).scores if truth else None)
            for name, each in zip(model_names(found), found, strict=True)
        ),
        command=command,
        failures={id: NOT_PROCESSED for id in truth if id not in found[0].detections},
        parameters=found[0].origin,
        origins={"detections": str(found[0].path)},
        notes=tuple(comparison_notes(found)),
    )
    return write_report(output, report, proxy)


def find_files(ids: Collection[str], folder: Path) -> dict[str, Path]:
    """Return the files of the videos that a folder contains, and report the others."""
    known = find_detected_videos(folder)
    files = {id: known[comparable(id)] for id in ids if comparable(id) in known}
    missing = [id for id in ids if id not in files]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        say(
            f"{folder}: expected the video {missing[0]!r}{more}, found no such file; "
            "the pages have no player for what is missing; give the same folder as to "
            "`soda init` with --videos"
        )
    return files


def labels(
    found: Sequence[DetectionSet], truth: Mapping[str, Sequence[Instance]]
) -> tuple[str, ...]:
    """Return the detected and annotated classes, for models that do not list theirs."""
    annotated = {i.label for instances in truth.values() for i in instances}
    return tuple(sorted(annotated.union(*(each.labels for each in found))))


def _ends(
    id: str, found: Sequence[DetectionSet], truth: Mapping[str, Sequence[Instance]]
) -> list[float]:
    """Return the ends of a video's annotated and detected instances."""
    annotated = [instance.end_seconds for instance in truth.get(id, ())]
    return annotated + [d.end_seconds for each in found for d in each.detections[id]]


def _seconds(path: Path | None, stated: float | None, ends: list[float]) -> float:
    """Return a video's duration: from its file, its annotation or the last end."""
    if path:
        try:
            return probe(path).duration_seconds
        except VideoError:  # the video's page reports it
            pass
    return stated or max(ends, default=0.0) or SHORTEST_SECONDS
