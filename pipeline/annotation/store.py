"""The points file that an annotation page saves to, safe against two tabs at once."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipeline.datasets import BACKGROUND, Dataset, Point, beyond_end
from pipeline.errors import AnnotationError, UsageError
from pipeline.points.formats import points_json, read_click_file
from pipeline.points.formats.document import read_document
from pipeline.points.human import label_problems, nearest
from pipeline.points.names import VideoNames
from pipeline.storage import fingerprint, write_json, writing

Entry = dict[str, Any]  # of one video, as the file has it

SECONDS_DIGITS = 6  # a microsecond, as browsers and FFmpeg count


class ConflictError(Exception):
    """Somebody else has saved the same video meanwhile."""


@dataclass(frozen=True)
class Imported:
    """What came of a file of clicks."""

    added: int
    problems: tuple[str, ...]  # clicks that were left out, and why


class PointsStore:
    """Reads and writes the clicks of a dataset's videos in a points JSON.

    Each change reads the file anew, under a lock, so that other tabs, servers and
    editors lose nothing. A video's *revision* is a hash of what is annotated in it: who
    saves must know the one that is there.
    """

    def __init__(
        self, path: Path, dataset: Dataset, annotator: str | None = None
    ) -> None:
        """Open a points file, which need not be there yet.

        Raises:
            UsageError: Its name is not that of a JSON file.
            AnnotationError: It holds something else.
        """
        if path.suffix.lower() != ".json":
            raise UsageError(
                f"{path}: the page writes JSON; give a --points-file that ends in "
                ".json, and import this one on the page"
            )
        self.path, self.dataset, self.annotator = path, dataset, annotator
        self._lock = path.with_name(f".{path.name}.lock")
        if path.exists():
            self._check_labels()

    def entries(self) -> dict[str, Entry]:
        """All that is annotated, by the video's id; first of all the dataset's points.

        Raises:
            AnnotationError: The file holds something else.
        """
        given = {
            v.id: new_entry(v.id, v.points) for v in self.dataset.videos if v.points
        }
        return given | self._read()

    def save(
        self, id: str, revision: str | None, content: Mapping[str, Any]
    ) -> tuple[Entry, str | None]:
        """Replace what is annotated in a video.

        Args:
            id: The video.
            revision: The one that the change began from; None: nothing was there.
            content: `points`, `annotated_spans` (None: the whole video), and
                `seconds_spent`, which is added to what the file has.

        Returns:
            The entry and its revision.

        Raises:
            ConflictError: The file has another revision.
            AnnotationError: The content makes no sense.
        """
        with self._locked():
            entries = self.entries()
            entry = entries.get(id) or new_entry(id)
            if revision_of(entry) != revision:
                raise ConflictError(id)
            entries[id] = self._changed(entry, content)
            self._write(entries)
            return entries[id], revision_of(entries[id])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """While nobody else reads the file to change it."""
        with writing(self._lock):
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock, mode=0o666):  # whoever shares the folder
                yield

    def add_file(self, path: Path, fps: Mapping[str, float]) -> Imported:
        """Add the clicks of a file in any form that is read; none is added twice.

        Args:
            path: The file.
            fps: Of the videos, for forms that count frames.

        Raises:
            AnnotationError: It is no file of clicks.
        """
        file, names = read_click_file(path), VideoNames(self.dataset)
        problems, known = list(file.problems), (*self.dataset.classes, BACKGROUND)
        lengths = {v.id: v.duration_seconds for v in self.dataset.videos}
        added = 0
        with self._locked():
            entries = self.entries()
            for click in file.clicks:
                id = names.id_of(click.video)
                if id is None:
                    problems.append(f"{click.where}: no video {click.video!r} here")
                    continue
                seconds = round(click.seconds(fps.get(id, 1.0)), SECONDS_DIGITS)
                if click.label not in known:
                    hint = nearest(click.label, self.dataset.classes)
                    problems.append(f"{click.where}: no class {click.label!r}{hint}")
                elif beyond := beyond_end(seconds, lengths[id]):
                    problems.append(f"{click.where}: the click {beyond}")
                else:
                    entry = entries.setdefault(id, new_entry(id))
                    added += _add(entry["points"], Point(seconds, click.label))
            self._write(entries)
        return Imported(added, tuple(problems))

    def _check_labels(self) -> None:
        ids = {video.id for video in self.dataset.videos}
        self._read()
        file = read_click_file(self.path)
        clicks = [click for click in file.clicks if click.video in ids]
        problems = [
            *file.problems,
            *label_problems(self.path, clicks, self.dataset.classes),
        ]
        if problems:
            raise AnnotationError(
                f"{self.path}: {len(problems)} problem(s) in the clicks; correct them "
                "or choose another --points-file\n  " + "\n  ".join(problems)
            )

    def _read(self) -> dict[str, Entry]:
        if not self.path.exists():
            return {}
        document = read_document(self.path)
        if not points_json.recognises(document):
            raise AnnotationError(
                f"{self.path}: expected {points_json.NAME}, found "
                f"{document.text[:60]!r}; choose another --points-file, and import "
                "this one on the page"
            )
        listed = document.json if isinstance(document.json, list) else [document.json]
        return {entry["video"]["id"]: entry for entry in listed}

    def _write(self, entries: Mapping[str, Entry]) -> None:
        write_json(self.path, list(entries.values()))

    def _changed(self, entry: Entry, content: Mapping[str, Any]) -> Entry:
        known = (*self.dataset.classes, BACKGROUND)
        try:
            points = [_point(point, known) for point in content["points"]]
            spans = content.get("annotated_spans")
            spent = entry.get("seconds_spent", 0) + float(content["seconds_spent"])
            changed = {
                **entry,
                "points": sorted(points, key=lambda p: (p["seconds"], p["label"])),
                "annotated_spans": spans and [[float(a), float(b)] for a, b in spans],
                "seconds_spent": round(spent, 1),
            }
        except (LookupError, TypeError, ValueError) as error:
            raise AnnotationError(f"expected clicks, found {error!r}") from error
        if self.annotator:
            changed["annotator"] = self.annotator
        return {key: value for key, value in changed.items() if value is not None}


def new_entry(id: str, points: tuple[Point, ...] | None = None) -> Entry:
    """The entry of a video as it is before anybody annotates it here."""
    clicks = [{"seconds": p.seconds, "label": p.label} for p in points or ()]
    return {"video": {"id": id}, "points": clicks}


def revision_of(entry: Entry) -> str | None:
    """A hash of what is annotated, whoever annotated it; None if nothing is."""
    content = {key: entry[key] for key in ("points", "annotated_spans") if key in entry}
    return fingerprint(content) if any(content.values()) else None


def _point(point: Any, known: tuple[str, ...]) -> dict[str, Any]:
    seconds, label = float(point["seconds"]), point["label"]
    if not 0 <= seconds < math.inf or label not in known:
        raise ValueError(point)
    note = str(point.get("note") or "").strip()
    return {
        "seconds": round(seconds, SECONDS_DIGITS),
        "label": label,
        **({"note": note} if note else {}),
    }


def _add(points: list[dict[str, Any]], point: Point) -> bool:
    """Put a click into its place, unless it is there."""
    if any((p["seconds"], p["label"]) == (point.seconds, point.label) for p in points):
        return False
    points.append({"seconds": point.seconds, "label": point.label})
    points.sort(key=lambda p: (p["seconds"], p["label"]))
    return True
