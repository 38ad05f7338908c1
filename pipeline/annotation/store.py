"""The points file of an annotation page, safe to edit from two tabs at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipeline.datasets import BACKGROUND, Dataset, Point
from pipeline.datasets.spelling import point_label
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, UsageError, in_words
from pipeline.intervals import beyond_end
from pipeline.points.formats import points_json, read_click_file
from pipeline.points.formats.document import read_document
from pipeline.points.human import label_problems, nearest
from pipeline.progress import count_of
from pipeline.storage import fingerprint, write_json, writing

VideoEntry = dict[str, Any]  # of one video, as in the file

SECONDS_DIGITS = 6  # a microsecond, the resolution of browsers and FFmpeg
MOST_SECONDS = 1e9  # 30 years


class ConflictError(Exception):
    """A video that another tab or program has saved in the meantime."""


class PointsStore:
    """The clicks of a dataset's videos, kept in a points JSON.

    Each change rereads the file under a lock, so that the work of other tabs, servers
    and editors is kept. A video's *revision* is a hash of its annotation: a save must
    name the revision that the file has.
    """

    def __init__(
        self, path: Path, dataset: Dataset, annotator: str | None = None
    ) -> None:
        """Open a points file, which need not exist yet.

        Raises:
            UsageError: The file's name does not end in `.json`.
            AnnotationError: The file is no valid points JSON of this dataset.
        """
        if path.suffix.lower() != ".json":
            raise UsageError(
                f"{path}: expected a file for JSON, which the page writes; give a "
                "--points-file that ends in .json, and import this one on the page"
            )
        self.path, self.dataset, self.annotator = path, dataset, annotator
        self._lock = path.with_name(f".{path.name}.lock")
        if path.exists():
            self._check_labels()

    def entries(self) -> dict[str, VideoEntry]:
        """Return the entries by video id.

        A video that the file does not name has the points of the dataset, if any.

        Raises:
            AnnotationError: The file is no points JSON.
        """
        videos = [video for video in self.dataset.videos if video.points]
        return {v.id: new_entry(v.id, v.points) for v in videos} | self._read()

    def save(
        self, id: str, revision: str | None, content: Mapping[str, Any]
    ) -> VideoEntry:
        """Replace the annotation of a video, and return its new entry.

        Args:
            id: The video.
            revision: The revision that the change is based on; None if the video had no
                annotation.
            content: `points`, `annotated_spans` (None for the whole video), and
                `seconds_spent`, which is added to the seconds in the file.

        Raises:
            ConflictError: The file has another revision.
            AnnotationError: The content is invalid.
        """
        with self._locked():
            entries = self.entries()
            entry = entries.get(id) or new_entry(id)
            if revision_of(entry) != revision:
                raise ConflictError(id)
            entries[id] = self._changed(entry, content)
            self._write(entries)
            return entries[id]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others from changing the file."""
        with writing(self._lock):
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock, mode=0o666):  # for everyone who shares the folder
                yield

    def add_file(self, path: Path, fps: Mapping[str, float]) -> tuple[int, list[str]]:
        """Add the clicks of a file in any supported format, skipping duplicates.

        Some formats count frames, so `fps` has the frames per second by video id.

        Returns:
            The number of clicks added, and for each one left out, a sentence why.

        Raises:
            AnnotationError: The file contains no clicks in a supported format.
        """
        file, names = read_click_file(path), VideoNames.of(self.dataset)
        problems, known = list(file.problems), (*self.dataset.classes, BACKGROUND)
        lengths = {v.id: v.duration_seconds for v in self.dataset.videos}
        added = 0
        with self._locked():
            entries = self.entries()
            for click in file.clicks:
                id = names.id_of(click.video)
                if id is None:
                    lack = f"the dataset has no video {click.video!r}"
                    problems.append(f"{click.where}: {lack}")
                    continue
                seconds = round(click.seconds(fps.get(id, 1.0)), SECONDS_DIGITS)
                if click.label not in known:
                    lack = f"the dataset has no class {click.label!r}"
                    hint = nearest(click.label, self.dataset.classes)
                    problems.append(f"{click.where}: {lack}{hint}")
                elif beyond := beyond_end(seconds, lengths[id]):
                    problems.append(f"{click.where}: the click {beyond}")
                else:
                    entry = entries.setdefault(id, new_entry(id))
                    added += _add(entry["points"], Point(seconds, click.label))
            self._write(entries)
        return added, problems

    def _check_labels(self) -> None:
        ids = {video.id for video in self.dataset.videos}
        self._read()
        file = read_click_file(self.path)
        clicks = [click for click in file.clicks if click.video in ids]
        unknown = label_problems(self.path, clicks, self.dataset.classes)
        if problems := [*file.problems, *unknown]:
            raise AnnotationError(
                f"{self.path}: {count_of(len(problems), 'problem')} in the clicks; fix "
                "them or choose another --points-file\n  " + "\n  ".join(problems)
            )

    def _read(self) -> dict[str, VideoEntry]:
        if not self.path.exists():
            return {}
        document = read_document(self.path)
        if not points_json.recognises(document) or not all(
            isinstance(entry["video"], dict) and "id" in entry["video"]
            for entry in document.objects
        ):
            raise AnnotationError(
                f"{self.path}: expected {points_json.NAME}, found "
                f"{document.text[:60]!r}; choose another --points-file, and import "
                "this one on the page"
            )
        entries = {entry["video"]["id"]: entry for entry in document.objects}
        for point in (p for entry in entries.values() for p in entry["points"]):
            if isinstance(point.get("label"), str):
                point["label"] = point_label(point["label"])
        return entries

    def _write(self, entries: Mapping[str, VideoEntry]) -> None:
        write_json(self.path, list(entries.values()))

    def _changed(self, entry: VideoEntry, content: Mapping[str, Any]) -> VideoEntry:
        known = (*self.dataset.classes, BACKGROUND)
        ends = {v.id: v.duration_seconds for v in self.dataset.videos}
        end = ends.get(entry["video"]["id"])
        try:
            points = [_point(point, known, end) for point in content["points"]]
            spans = content.get("annotated_spans")
            spent = entry.get("seconds_spent", 0) + _seconds(content["seconds_spent"])
            changed = {
                **entry,
                "points": sorted(points, key=lambda p: (p["seconds"], p["label"])),
                "annotated_spans": spans
                and [[_seconds(a, end), _seconds(b, end)] for a, b in spans],
                "seconds_spent": round(spent, 1),
            }
        except (LookupError, TypeError, ValueError) as error:
            raise AnnotationError(
                f"expected clicks, found {in_words(error)}"
            ) from error
        if self.annotator:
            changed["annotator"] = self.annotator
        return {key: value for key, value in changed.items() if value is not None}


def new_entry(id: str, points: tuple[Point, ...] | None = None) -> VideoEntry:
    """Return the entry of a video before anyone has annotated it on the page."""
    clicks = [{"seconds": p.seconds, "label": p.label} for p in points or ()]
    return {"video": {"id": id}, "points": clicks}


def revision_of(entry: VideoEntry) -> str | None:
    """Return a hash of the annotation, without its annotator; None if it is empty."""
    content = {key: entry[key] for key in ("points", "annotated_spans") if key in entry}
    return fingerprint(content) if any(content.values()) else None


def _point(point: Any, known: tuple[str, ...], end: float | None) -> dict[str, Any]:
    label = point["label"]
    if label not in known:
        raise ValueError(f"the label {label!r}, which is not a class")
    note = str(point.get("note") or "").strip()
    seconds = round(_seconds(point["seconds"], end), SECONDS_DIGITS)
    entry = {"seconds": seconds, "label": label}
    # Half of a surrogate pair cannot be written to a file.
    return {**entry, "note": note.encode(errors="replace").decode()} if note else entry


def _seconds(value: Any, end: float | None = None) -> float:
    """Return a number of seconds, neither negative nor beyond the end of the video.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, int | float) or not 0 <= value <= MOST_SECONDS:
        raise ValueError(f"{value!r} in place of seconds")
    if beyond := beyond_end(value, end):
        raise ValueError(f"one that {beyond}")
    return float(value)


def _add(points: list[dict[str, Any]], point: Point) -> bool:
    """Insert a click in order and return True, unless the list has it already."""
    if any((p["seconds"], p["label"]) == (point.seconds, point.label) for p in points):
        return False
    points.append({"seconds": point.seconds, "label": point.label})
    points.sort(key=lambda p: (p["seconds"], p["label"]))
    return True
