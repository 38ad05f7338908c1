"""Single-frame annotations: people's clicks, the dataset's own, or simulated ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.datasets import Point, Video
from pipeline.errors import AnnotationError, UsageError
from pipeline.intervals import beyond_end
from pipeline.points.formats import write_points
from pipeline.points.human import HumanClicks
from pipeline.points.simulation import (
    PointConfig,
    may_simulate,
    simulate_points,
    wanted,
)
from pipeline.points.summary import sentences, summarise
from pipeline.progress import count_of, say
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage, usable
from pipeline.stages.features import FEATURES, facts, first_stage
from pipeline.storage import fingerprint, plain, read_json
from pipeline.video import probe


def generate_points(run: Run) -> StageResult:
    """Take people's clicks, or simulate them in videos that have segments.

    Raises:
        UsageError: Clicks count frames, and the frame rate is not known.
        AnnotationError: Clicks are beyond the end of their video; all are named.
    """
    videos = [v for v in usable(run, (first_stage(run),)) if v.subset == "train"]
    config = run.config.points
    origin: dict[str, Any]
    if run.human_clicks:
        points, origin = points_of_files(run, run.human_clicks, videos)
    else:
        known = facts(run)
        points = {
            v.id: simulate_points(v.id, v.instances, known[v.id].end_seconds, config)
            if may_simulate(v)
            else []
            for v in videos
        }
        origin = {"origin": rule_text(config)}
    chosen = {
        id: [point for point in clicks if wanted(point.label, config)]
        for id, clicks in points.items()
    }
    write_points(points_file(run), chosen)
    return StageResult(
        videos={id: fingerprint(plain(clicks)) for id, clicks in chosen.items()},
        result=origin | summarise(chosen, videos, run.dataset.classes),
    )


def rule_text(config: PointConfig) -> str:
    """Return how clicks are simulated, in words.

    >>> rule_text(PointConfig())
    'simulated, one per segment, 10 s on / 10 s off, seed 0'
    """
    on, off = config.window_seconds, config.gap_seconds
    windows = f"{on:g} s on / {off:g} s off, " if off else ""
    return f"simulated, one per {config.per}, {windows}seed {config.seed}"


def points_of_files(
    run: Run, human: HumanClicks, videos: Sequence[Video]
) -> tuple[dict[str, list[Point]], dict[str, Any]]:
    """Return the points of people's clicks by video, and a description of the files.

    The ends of simulated videos are simulated too: clicks beyond them are left out.
    """
    known = facts(run)
    rates: dict[str, float] = {}
    points: dict[str, list[Point]] = {video.id: [] for video in videos}
    intervals, problems = 0, []
    for video in videos:
        clicks = human.videos.get(video.id, ())
        if any(click.unit != "seconds" for click in clicks):
            rates[video.id] = frame_rate(run, video)
        for click in clicks:
            point = Point(click.seconds(rates.get(video.id, 1.0)), click.label)
            if beyond := beyond_end(point.seconds, known[video.id].end_seconds):
                problems.append(f"{click.file}, {click.where}: the click {beyond}")
                continue
            intervals += click.is_interval
            points[video.id].append(point)
        points[video.id].sort(key=lambda point: (point.seconds, point.label))
    if problems and not run.is_simulated:
        beyond = count_of(
            len(problems),
            "click is beyond the end of its video",
            "clicks are beyond the end of their videos",
        )
        rate = ", and that --points-fps is right" if rates else ""
        raise AnnotationError(
            f"{beyond}; check that these are the videos that were annotated{rate}\n  "
            + "\n  ".join(problems)
        )
    return points, {
        "origin": ", ".join(human.files),
        "files": human.files,
        "annotators": human.annotators,
        "fps": sorted(set(rates.values())),
        "fps_given": run.options.points_fps is not None,
        "intervals": intervals,
        "beyond_simulated_end": len(problems),
        "unknown_videos": human.unknown,
        "not_trained_on": sum(
            len(clicks) for id, clicks in human.videos.items() if id not in points
        ),
    }


def frame_rate(run: Run, video: Video) -> float:
    """Return the frames per second that convert a video's clicks to seconds.

    Raises:
        UsageError: There is no video that could tell it.
    """
    if run.options.points_fps is not None:
        return run.options.points_fps
    if run.origin != "videos":
        raise UsageError(
            f"{run.options.points_file}: the clicks of {video.id!r} count frames, and "
            "there is no video that tells the frame rate; give it with --points-fps"
        )
    return probe(video.path).fps


def points_file(run: Run) -> Path:
    """Return the file of the clicks."""
    return POINTS.folder(run) / f"{POINTS.fingerprint(run)}.csv"


def check_clicks(run: Run) -> None:
    """Read people's clicks, so that invalid ones are reported before any work."""
    run.human_clicks  # noqa: B018


def click_parameters(run: Run) -> dict[str, Any]:
    """Return a hash of people's clicks, so that other clicks make other models."""
    return {"clicks": digest} if (digest := run.clicks_digest) else {}


def click_origins(run: Run) -> Any:
    """Return everything that clicks are made from: annotations, and people's files."""
    dataset, fps = run.dataset, run.options.points_fps
    videos = [(v.id, v.instances, v.points) for v in dataset.of_subset("train")]
    return plain([videos, dataset.classes, run.human_clicks, fps])


def report_points(run: Run) -> None:
    """Print how many clicks there are, and whether they look right."""
    for sentence in sentences(read_json(POINTS.record_path(run))):
        say(sentence)


POINTS: Stage = Stage(
    name="points",
    task="GeneratePoints",
    folder_name="points",
    kind="results",
    is_file=True,
    # With `--cache features` the videos are read, and their ends found, for features.
    builds_on=(FEATURES,),
    needs=lambda run: (first_stage(run),),
    sections=("points",),
    # A click is a time in seconds: it does not move when a video is decoded at another
    # rate, its flow is computed differently or its snippets are cut differently. Only
    # the end of a video matters, which is in the record of the stage that reads it.
    # Simulated and imported features bring the ends with them, so their sections stay.
    ignores=("decode", "flow", "features"),
    parameters=click_parameters,
    content=click_origins,
    work=generate_points,
    result=points_file,
    label="clicks",
    check=check_clicks,
    report=report_points,
    next=lambda run: "TrainSODA",
)
