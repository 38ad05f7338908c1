"""The clicks of a whole dataset: its own, or simulated ones."""

from pipeline.points.file import write_points
from pipeline.points.simulation import simulate_points
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
        else simulate_points(
            video.id,
            video.instances,
            known[video.id]["end_seconds"],
            run.config.points,
        )
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
