"""A summary of clicks: their counts, and warnings for the user."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.datasets import Point, Video
from pipeline.progress import count_of, shown


def summarise(
    points: Mapping[str, Sequence[Point]],
    videos: Sequence[Video],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Count the clicks of some videos, as JSON values.

    Clicks are compared with the ground truth in videos that have one. An action click
    is `outside` if it is in no instance of its class; a background click is `inside` if
    it is in any instance.
    """
    clicks = [(video, point) for video in videos for point in points[video.id]]
    of_class = Counter(point.label for _, point in clicks if point.kind == "action")
    checked = [(video, point) for video, point in clicks if video.instances]
    return {
        "videos": len(videos),
        "clicks": _by_kind(clicks),
        "classes": {name: of_class[name] for name in classes},
        "videos_without": [video.id for video in videos if not points[video.id]],
        "compared": _by_kind(checked),
        "outside": sum(
            point.kind == "action" and point.label not in labels_at(video, point)
            for video, point in checked
        ),
        "inside": sum(
            point.kind == "background" and bool(labels_at(video, point))
            for video, point in checked
        ),
    }


def _by_kind(clicks: Sequence[tuple[Video, Point]]) -> dict[str, int]:
    kinds = Counter(point.kind for _, point in clicks)
    return {kind: kinds[kind] for kind in ("action", "background")}


def labels_at(video: Video, point: Point) -> set[str]:
    """Return the classes of the ground truth at the time of a click."""
    return {
        instance.label
        for instance in video.instances
        if instance.start_seconds <= point.seconds < instance.end_seconds
    }


def sentences(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences that GeneratePoints prints about its result."""
    counts = result["clicks"]
    yield (
        f"{count_of(sum(counts.values()), 'click')} in "
        f"{count_of(result['videos'], 'training video')}: "
        f"{counts['action']} action, {counts['background']} background; "
        f"{result['origin']}"
    )
    yield from _of_files(result)
    if without := result["videos_without"]:
        videos = count_of(len(without), "training video has", "training videos have")
        yield f"{videos} no click: {shown(without)}"
    if without := [name for name, count in result["classes"].items() if not count]:
        classes = count_of(len(without), "class has", "classes have")
        yield f"{classes} no click: {shown(without)}"
    for key, kind, place in (
        ("outside", "action", "outside any instance of their class"),
        ("inside", "background", "inside an instance"),
    ):
        if count := result[key]:
            of = result["compared"][kind]
            clicks = count_of(of, f"{kind} click")
            yield f"{place}: {count} of {clicks} ({count / of:.1%})"


def _of_files(result: Mapping[str, Any]) -> Iterator[str]:
    if "files" not in result:
        return
    for path, form in result["files"].items():
        yield f"{path}: {form}"
    if annotators := result["annotators"]:
        drawn = ", ".join(f"{name} {count}" for name, count in annotators.items())
        yield f"videos by annotator, one drawn if several clicked: {drawn}"
    if rates := result["fps"]:
        shown_rates = ", ".join(f"{rate:g}" for rate in rates)
        whose = "--points-fps" if result["fps_given"] else "the videos' own rate"
        yield f"frames were converted to seconds by {whose}: {shown_rates}"
        if not result["fps_given"]:
            yield (
                "Label Studio counts frames at the frameRate of its configuration, 24 "
                "by default; if that differs, give it with --points-fps"
            )
    if count := result["intervals"]:
        intervals = count_of(count, "interval")
        yield f"{intervals} longer than a frame: clicked at the middle"
    if count := result["beyond_simulated_end"]:
        yield f"left out: {count_of(count, 'click')} beyond the end of simulated videos"
    if unknown := result["unknown_videos"]:
        yield (
            f"left out: {count_of(sum(unknown.values()), 'click')} in "
            f"{count_of(len(unknown), 'video')} outside the dataset: {shown(unknown)}"
        )
    if count := result["not_trained_on"]:
        yield f"left out: {count_of(count, 'click')} in videos that are not trained on"
