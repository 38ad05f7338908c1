"""The clicks of a whole dataset: people's, its own, or simulated ones."""

from collections.abc import Sequence
from typing import Any

from pipeline.datasets import Point, Video, beyond_end
from pipeline.errors import AnnotationError, UsageError
from pipeline.points.formats import write_points
from pipeline.points.human import HumanClicks
from pipeline.points.simulation import PointConfig, simulate_points, wanted
from pipeline.points.summary import summarise
from pipeline.run.record import Outcome
from pipeline.run.run import Run
from pipeline.storage import fingerprint, plain
from pipeline.video import probe


def generate_points(run: Run) -> Outcome:
    """Take the clicks of the files given, or the dataset's own, or simulate them.

    Raises:
        UsageError: Clicks count frames, and nobody knows how many a second has.
        AnnotationError: Clicks lie beyond the end of their video; all are named.
    """
    videos = [v for v in run.usable(run.first_stage) if v.subset == "train"]
    origin: dict[str, Any]
    if run.human_clicks:
        points, origin = points_of_files(run, run.human_clicks, videos)
    elif any(video.points is not None for video in videos):
        points = {video.id: list(video.points or ()) for video in videos}
        origin = {"origin": "the dataset's own clicks"}
    else:
        known = run.facts
        points = {
            video.id: _simulated(
                video, known[video.id]["end_seconds"], run.config.points
            )
            for video in videos
        }
        origin = {"origin": rule_text(run.config.points)}
    config = run.config.points
    chosen = {
        id: [point for point in clicks if wanted(point.label, config)]
        for id, clicks in points.items()
    }
    write_points(run.points_file, chosen)
    return Outcome(
        videos={id: fingerprint(plain(clicks)) for id, clicks in chosen.items()},
        result=origin | summarise(chosen, videos, run.dataset.classes),
    )


def rule_text(config: PointConfig) -> str:
    """How clicks are simulated, in words.

    >>> rule_text(PointConfig())
    'simulated, one per segment, 10 s on / 10 s off, seed 0'
    """
    on, off = config.window_seconds, config.gap_seconds
    windows = f"{on:g} s on / {off:g} s off, " if off else ""
    return f"simulated, one per {config.per}, {windows}seed {config.seed}"


def points_of_files(
    run: Run, human: HumanClicks, videos: Sequence[Video]
) -> tuple[dict[str, list[Point]], dict[str, Any]]:
    """The points that people's clicks are, and where they come from.

    Where the videos are simulated, so are their ends: a click beyond is left out.
    """
    known = run.facts
    points: dict[str, list[Point]] = {}
    rates: dict[str, float] = {}
    intervals, late, problems = 0, 0, []
    for video in videos:
        clicks = human.videos.get(video.id, ())
        if any(click.unit == "frames" for click in clicks):
            rates[video.id] = frame_rate(run, video)
        points[video.id] = []
        for click in clicks:
            point = Point(click.seconds(rates.get(video.id, 1.0)), click.label)
            if beyond := beyond_end(point.seconds, known[video.id]["end_seconds"]):
                late += 1
                problems.append(f"{click.file}, {click.where}: the click {beyond}")
                continue
            intervals += click.is_interval
            points[video.id].append(point)
        points[video.id].sort(key=lambda point: (point.seconds, point.label))
    if problems and not run.is_simulated:
        raise AnnotationError(
            f"{len(problems)} click(s) lie beyond the end of their videos; see whether "
            "these are the videos that were annotated"
            + (", and whether --points-fps is right" if rates else "")
            + "\n  "
            + "\n  ".join(problems)
        )
    ids = {video.id for video in videos}
    return points, {
        "origin": ", ".join(human.files),
        "files": human.files,
        "annotators": human.annotators,
        "fps": sorted(set(rates.values())),
        "fps_given": run.points_fps is not None,
        "intervals": intervals,
        "beyond_simulated_end": late,
        "unknown_videos": human.unknown,
        "not_trained_on": sum(
            len(c) for id, c in human.videos.items() if id not in ids
        ),
    }


def frame_rate(run: Run, video: Video) -> float:
    """Frames a second by which clicks of a video are counted.

    Raises:
        UsageError: There is no video to ask.
    """
    if run.points_fps is not None:
        return run.points_fps
    if run.origin != "videos":
        raise UsageError(
            f"{run.points_source}: the clicks of {video.id!r} count frames, and there "
            "is no video that says how many a second has; say it with --points-fps"
        )
    return probe(video.path).fps


def _simulated(
    video: Video, duration_seconds: float, config: PointConfig
) -> list[Point]:
    """Clicks by the rule; none where labels are known, but not when they are seen."""
    if video.labels and not video.instances:
        return []
    return simulate_points(video.id, video.instances, duration_seconds, config)
