"""Search of any number of new videos with one model; each video only once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.datasets.folder import video_files, with_text_names
from pipeline.detection.activations import read_response, response_path, write_response
from pipeline.detection.detections import Detection, write_detections
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.exports.detections import strongest
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import write_srt
from pipeline.fanout import Item, Job, Resources, default_jobs, run_job
from pipeline.fanout.resources import network_resources
from pipeline.inference.detector import Detector
from pipeline.model_folder.newest import MODEL_FILE
from pipeline.progress import ShareDone, silent
from pipeline.report import Findings, Model, RunReport, VideoReport, write_report
from pipeline.run.command_line import typed
from pipeline.storage import plain
from pipeline.video.safe_probe import probe_apart

JOBS = "work"  # the subfolder of the output for logs and failures

load_once = lru_cache(maxsize=1)(Detector)  # for all videos of a worker


@dataclass(frozen=True)
class Search:
    """The detections in the videos, and the videos that could not be searched."""

    detections: dict[str, list[Detection]]  # by video id, descending score
    failed: dict[str, str]  # messages by video id


def search_videos(
    paths: Sequence[Path],
    model: Path,
    output: Path,
    device: str = "auto",
    threshold: float | None = None,
    jobs: int | None = None,
) -> Search:
    """Detect actions in videos; write them for programs, players and people.

    A video that has not changed since an earlier search with the same model is not
    searched again.

    Args:
        paths: Videos, and folders of videos, nested ones included.
        model: A folder that TrainSODA wrote.
        output: The folder to write.
        device: `cpu`, `cuda` or `auto`.
        threshold: Leave out detections with a lower score; None keeps all.
        jobs: Number of processes; None starts one per processor or GPU.

    Raises:
        InputNotFoundError: A video, a folder or the model does not exist.
        UsageError: The output is not a folder, or the model does not work on videos.
        WeightsError: The weights of the model's features are not available.
        SodaError: An error concerns all videos.
    """
    detector = Detector(model, device)
    videos = name_videos(paths, output)
    resources = Resources(jobs or default_jobs(), max_failures=1.0)
    job = search_job(videos, model, output, detector.device)
    failed = run_job(job, output / JOBS, network_resources(resources, detector.device))
    detections: dict[str, list[Detection]] = {}
    reports = []
    for id, path in videos.items():
        if id not in failed:
            said = read_response(response_path(output, id))
            found = strongest({id: detector.detections(said)}, threshold)
            detections |= found
            thresholds = detector.config.cas_thresholds
            report = VideoReport(
                id=id,
                subset="new",
                path=path,
                duration_seconds=said.grid.end_seconds,
                ground_truth=(),
                points=(),
                findings=(Findings(tuple(found[id]), said, thresholds),),
            )
            reports.append(report)
    if detections:
        made_by = {"model": str(model), "detect": detector.config, **detector.made_of}
        write_detections(output / "detections.json", detections, plain(made_by))
        write_srt(output / "srt", detections, VideoFiles())
        pages = RunReport(
            title="Detections",
            classes=detector.classes,
            videos=tuple(reports),
            models=(Model(str(model)),),
            command=typed(),
            failures=failed,
            parameters=made_by,
        )
        write_report(output / "report", pages)
    return Search(detections, failed)


def name_videos(paths: Iterable[Path], output: Path) -> dict[str, Path]:
    """Return the videos by id: the file's name, or its path if names are the same.

    Raises:
        InputNotFoundError: A path does not exist, or a folder has no videos.
        UsageError: The output is a file.
    """
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output}: expected a folder, found a file")
    files: dict[Path, None] = {}
    own = output.resolve()  # files of an earlier search are not new videos
    for path in paths:
        if not path.exists():
            raise InputNotFoundError(
                f"{path}: expected a video or a folder of videos, found nothing there; "
                "check the path"
            )
        inside = video_files(path) if path.is_dir() else with_text_names([path])
        files |= dict.fromkeys(f for f in inside if own not in f.resolve().parents)
    if not files:
        raise InputNotFoundError(
            f"{', '.join(map(str, paths))}: expected videos, found none to search"
        )
    names = Counter(path.stem for path in files)
    return {
        path.stem if names[path.stem] == 1 else path.as_posix(): path for path in files
    }


def search_job(videos: dict[str, Path], model: Path, output: Path, device: str) -> Job:
    """Return the work on all videos, weighted by frames where their number is known."""
    items = []
    infos = probe_apart(list(videos.values()))
    for (id, path), info in zip(videos.items(), infos, strict=True):
        inputs = (str(path), str(model / MODEL_FILE))
        weight = info.duration_seconds * info.fps if info else 0.0
        items.append(Item(id, inputs, str(response_path(output, id)), weight, {}))
    function, parameters = f"{__name__}:search_video", {"device": device}
    return Job("detect", function, parameters, tuple(items))


def search_video(
    inputs: Sequence[Path], output: Path, device: str, progress: ShareDone = silent
) -> None:
    """Write the response of a model, `inputs[1]`, to a video, `inputs[0]`.

    Raises:
        VideoError: The video cannot be used.
    """
    detector = load_once(inputs[1].parent, device)
    write_response(output, detector.respond(inputs[0], progress))
