"""The project's own dataset file: a JSON manifest (`manifest.schema.json`)."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from pipeline.datasets.dataset import Dataset, Instance, Point, Video
from pipeline.datasets.spelling import is_background, own_subset_names, point_label
from pipeline.datasets.text import json_path, parse_json, shorten
from pipeline.errors import AnnotationError
from pipeline.progress import count_of

# A video that has one of these, and no action in any, is known to be background.
STATEMENTS = ("labels", "segments", "points")


def parse_manifest(path: Path, content: Any) -> Dataset:
    """Build a dataset from a manifest's content.

    Paths of videos are relative to the manifest. Without `classes`, the labels that
    occur are the classes, sorted.

    Raises:
        AnnotationError: If the content does not match the schema. All errors are
            listed, each with its JSON path.
    """
    content = _with_subsets(path, content)
    _check_schema(path, content)
    videos = tuple(_video(path.parent, entry) for entry in content["videos"])
    labels = sorted({label for video in videos for label in video.labels})
    return Dataset(
        name=content.get("name", dataset_name(path)),
        source=path,
        videos_folder=path.parent,
        classes=tuple(content.get("classes", labels)),
        videos=videos,
    )


def parse_lines(path: Path, text: str) -> Any:
    """Parse a manifest in JSON Lines: its head, then one video per line.

    Raises:
        AnnotationError: If a line is not JSON; the message gives its number. Also if
            the first line is not the head.
    """
    head, *videos = [
        parse_json(f"{path}, line {number}", line)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ] or [None]
    if isinstance(head, dict) and "videos" not in head:
        return {**head, "videos": videos}
    raise AnnotationError(
        f'{path}: expected {{"version": 1}} on the first line of a .jsonl file and one '
        "video on each further line, found something else on the first line; name the "
        "file .json if it is one JSON object"
    )


def dataset_name(path: Path) -> str:
    """Name a dataset after its file, or after the folder if the file name is generic.

    >>> dataset_name(Path("data/ut_interaction/annotations.json"))
    'ut_interaction'
    >>> dataset_name(Path("activitynet1.2"))
    'activitynet1.2'
    """
    generic = path.stem.lower() in {"annotations", "dataset", "manifest", "gt"}
    if generic:
        return path.resolve().parent.name
    return path.stem if path.suffix.lower() == ".json" else path.name


def _with_subsets(path: Path, content: Any) -> Any:
    """Return a manifest whose subsets have the names of the schema, if they mean them.

    Raises:
        AnnotationError: If there are three subsets.
    """
    videos = content.get("videos") if isinstance(content, dict) else None
    if not isinstance(videos, list):
        return content
    try:
        names = own_subset_names({*map(_subset, videos)})
    except ValueError as error:
        raise AnnotationError(f"{path}: {error}") from error
    renamed = [
        {**video, "subset": names[name]} if (name := _subset(video)) in names else video
        for video in videos
    ]
    return {**content, "videos": renamed}


def _subset(video: Any) -> str:
    return str(video.get("subset")) if isinstance(video, dict) else ""


def _check_schema(path: Path, content: Any) -> None:
    schema = files("pipeline.datasets").joinpath("manifest.schema.json").read_text()
    validator = Draft202012Validator(json.loads(schema))
    try:
        found = list(validator.iter_errors(content))
    except UnicodeEncodeError:
        # It refuses halves of surrogate pairs. `validate` names the videos with them.
        text = json.dumps(content, ensure_ascii=False).encode(errors="replace")
        found = list(validator.iter_errors(json.loads(text)))
    errors = [f"  {json_path(e.instance_path)}: {shorten(e.message)}" for e in found]
    if errors:
        places = count_of(len(errors), "place does not", "places do not")
        raise AnnotationError(
            f"{path}: {places} match the manifest's schema; correct the file and run "
            "the same command again\n" + "\n".join(errors)
        )


def _video(folder: Path, entry: dict[str, Any]) -> Video:
    instances = tuple(
        Instance(segment["label"], *map(float, segment["segment"]))
        for segment in entry.get("segments", [])
    )
    points = tuple(
        Point(float(p["seconds"]), point_label(p["label"]))
        for p in entry.get("points", [])
    )
    clicked = {p.label for p in points if p.kind == "action"}
    seen = clicked | {i.label for i in instances}
    labels = {name for name in entry.get("labels", seen) if not is_background(name)}
    return Video(
        id=entry["id"],
        subset=entry["subset"],
        path=folder / entry["path"],
        labels=tuple(sorted(labels)),
        instances=instances,
        points=points if "points" in entry else None,
        is_background=not (seen or labels or entry.keys().isdisjoint(STATEMENTS)),
        duration_seconds=entry.get("duration"),
        sha256=entry.get("sha256"),
    )
