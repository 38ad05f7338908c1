"""Files of the detections in new videos: for programs, players and people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection, write_detections
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import write_srt
from pipeline.report import Findings, Model, RunReport, VideoReport, write_report
from pipeline.run.command_line import typed
from pipeline.storage import plain


@dataclass(frozen=True)
class SearchedVideo:
    """One video, the model's response to it, and the detections in that response."""

    path: Path
    said: Response
    detections: list[Detection]


def write_findings(
    output: Path,
    findings: Mapping[str, SearchedVideo],
    failed: Mapping[str, str],
    made_by: Mapping[str, Any],
) -> None:
    """Write the detections as JSON, CSV, subtitles and pages.

    Args:
        output: The folder to write.
        findings: By video id; at least one, all by the same model.
        failed: The reasons why other videos could not be searched, by id.
        made_by: All parameters that the detections depend on.
    """
    thresholds = made_by["detect"].cas_thresholds
    detections = {id: found.detections for id, found in findings.items()}
    write_detections(output / "detections.json", detections, plain(made_by))
    write_srt(output / "srt", detections, VideoFiles())
    report = RunReport(
        title="Detections",
        classes=next(iter(findings.values())).said.classes,
        videos=tuple(
            video_report(id, found, thresholds) for id, found in findings.items()
        ),
        models=(Model(str(made_by["model"])),),
        command=typed(),
        failures=dict(failed),
        parameters=dict(made_by),
    )
    write_report(output / "report", report)


def video_report(
    id: str, found: SearchedVideo, thresholds: Sequence[float]
) -> VideoReport:
    """Return the content of a video's page."""
    said = found.said
    return VideoReport(
        id=id,
        subset="new",
        path=found.path,
        duration_seconds=said.grid.end_seconds,
        ground_truth=(),
        points=(),
        findings=(Findings(tuple(found.detections), said, tuple(thresholds)),),
    )
