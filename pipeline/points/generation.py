"""The clicks of a whole dataset: its own, or simulated ones."""

from pipeline.datasets import Point, Video
from pipeline.points.file import write_points
from pipeline.points.simulation import PointConfig, simulate_points
from pipeline.record import Outcome
from pipeline.run import Run
from pipeline.storage import fingerprint, plain


def generate_points(run: Run) -> Outcome:
    """Take the dataset's own clicks, or simulate them where it has none."""
    known = run.facts
    videos = [v for v in run.usable(run.first_stage) if v.subset == "train"]
    human = any(video.points is not None for video in videos)
    points = {
        video.id: list(video.points or ())
        if human
        else _simulated(video, known[video.id]["end_seconds"], run.config.points)
        for video in videos
    }
    write_points(run.points_file, points)
    counts = {
        kind: sum(p.kind == kind for clicks in points.values() for p in clicks)
        for kind in ("action", "background")
    }
    origin = "the dataset's own clicks" if human else "simulated"
    return Outcome(
        videos={id: fingerprint(plain(clicks)) for id, clicks in points.items()},
        result={"origin": origin, "videos": len(videos), "clicks": counts},
    )


def _simulated(
    video: Video, duration_seconds: float, config: PointConfig
) -> list[Point]:
    """Clicks by the rule; none where labels are known, but not when they are seen."""
    if video.labels and not video.instances:
        return []
    return simulate_points(video.id, video.instances, duration_seconds, config)
