"""The clicks that people made in a dataset's videos."""

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.datasets import BACKGROUND, Dataset
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.points.formats import Click, read_click_file
from pipeline.progress import count_of, shown
from pipeline.seeds import generator_of

CLICKS_FILE = "clicks.json"  # to which the annotation page saves
NO_FILE = "none"  # in place of a file: leave out those that the page has saved


@dataclass(frozen=True)
class HumanClicks:
    """The clicks of people, by the id of the video in the dataset."""

    videos: dict[str, tuple[Click, ...]]
    files: dict[str, str]  # the format of each
    annotators: dict[str, int]  # number of videos for which each was drawn
    unknown: dict[str, int]  # number of clicks by name, for videos not in the dataset

    def labels(self, id: str) -> tuple[str, ...]:
        """Return the actions that were clicked in a video."""
        labels = {click.label for click in self.videos.get(id, ())}
        return tuple(sorted(labels - {BACKGROUND}))

    def in_training(self, dataset: Dataset) -> dict[str, tuple[Click, ...]]:
        """Return the clicks in training videos, without videos that have none."""
        ids = (video.id for video in dataset.of_subset("train"))
        return {id: self.videos[id] for id in ids if self.videos.get(id)}


def saved_clicks(dataset: Dataset) -> Path | None:
    """Return the file that the annotation page saved next to a dataset or its videos.

    Raises:
        UsageError: There are several.
    """
    source = dataset.source
    home = source if source.is_dir() else source.parent
    folders = dict.fromkeys((home, home / "videos", dataset.videos_folder))
    found = [f / CLICKS_FILE for f in folders if (f / CLICKS_FILE).is_file()]
    if len(found) > 1:
        raise UsageError(
            f"{source}: expected clicks in one place, found {shown(map(str, found))}; "
            f"choose with --points-file, which also takes several, or {NO_FILE}"
        )
    return found[0] if found else None


def gather_clicks(
    dataset: Dataset, source: str | Path | None, seed: int, may_be_empty: bool
) -> HumanClicks | None:
    """Return the clicks of files and, in videos that these do not name, the dataset's.

    None means that there is no file, and no click of the dataset's own. The arguments
    and errors are those of `read_human_clicks`.
    """
    own = {
        video.id: tuple(
            Click(
                file=dataset.source,
                where=f"points[{index}] of {video.id!r}",
                video=video.id,
                label=point.label,
                start=point.seconds,
                end=point.seconds,
                unit="seconds",
                annotator=None,
            )
            for index, point in enumerate(video.points)
        )
        for video in dataset.videos
        if video.points
    }
    read = None
    if source:
        read = read_human_clicks(str(source), dataset, seed, may_be_empty)
    of_files = read or HumanClicks({}, {}, {}, {})
    used = {id: clicks for id, clicks in own.items() if id not in of_files.videos}
    if not used:
        return read
    files = {**of_files.files, str(dataset.source): "the dataset's own clicks"}
    return replace(of_files, videos={**used, **of_files.videos}, files=files)


def read_human_clicks(
    source: str, dataset: Dataset, seed: int, may_be_empty: bool = False
) -> HumanClicks:
    """Read files of clicks and match them with the videos and classes of a dataset.

    If several annotators clicked a video, one of them is drawn by the seed and the
    video's id, as SF-Net does. Clicks without an annotator are all kept.

    Args:
        source: A file, several files separated by commas, or a folder of files.
        dataset: The dataset.
        seed: Draws the annotators.
        may_be_empty: True if files may hold no click at all.

    Raises:
        InputNotFoundError: If there is no such file.
        AnnotationError: If a file cannot be read, if clicks are invalid or have labels
            that are not classes (all are listed), or if no click is in the dataset's
            videos.
    """
    files = [read_click_file(path) for path in files_of(source)]
    names = VideoNames.of(dataset)
    videos: dict[str, list[Click]] = {}
    unknown: Counter[str] = Counter()
    problems = [problem for file in files for problem in file.problems]
    for file in files:
        videos = {id: [] for name in file.without if (id := names.id_of(name))} | videos
        matched = [(names.id_of(click.video), click) for click in file.clicks]
        for id, click in matched:
            if id:
                videos.setdefault(id, []).append(click)
            else:
                unknown[click.video] += 1
        known = [click for id, click in matched if id]
        problems += label_problems(file.path, known, dataset.classes)
    if problems:
        raise AnnotationError(
            f"{source}: {count_of(len(problems), 'problem')} in the clicks; correct "
            "them and run the same command again, or give --points-file "
            f"{NO_FILE}\n  " + "\n  ".join(problems)
        )
    if not any(videos.values()) and (unknown or not may_be_empty):
        raise AnnotationError(
            f"{source}: expected clicks in the dataset's videos, such as "
            f"{shown(v.id for v in dataset.videos)}, found "
            + (f"clicks in {shown(unknown)}" if unknown else "no click at all")
            + f"; give the right files with --points-file, or {NO_FILE}"
        )
    annotators = {id: draw_annotator(id, videos[id], seed) for id in videos}
    return HumanClicks(
        videos={
            id: tuple(c for c in clicks if c.annotator in (None, annotators[id]))
            for id, clicks in videos.items()
        },
        files={str(file.path): file.format for file in files},
        annotators=dict(sorted(Counter(filter(None, annotators.values())).items())),
        unknown=dict(unknown),
    )


def files_of(source: str) -> list[Path]:
    """List the files that a parameter names: one, several with commas, or a folder's.

    Raises:
        InputNotFoundError: If one of them does not exist, or the folder has no file.
    """
    whole = Path(source)
    is_one = os.path.exists(whole)
    paths = [whole] if is_one else [Path(p.strip()) for p in source.split(",")]
    files: list[Path] = []
    for path in paths:
        if not os.path.exists(path):
            raise InputNotFoundError(
                f"{path}: no such file or folder of clicks; give the right one, or "
                "several separated by commas, with --points-file"
            )
        if path.is_dir():
            inside = sorted(path.iterdir())
            files += [f for f in inside if f.is_file() and f.name[0] != "."]
        else:
            files.append(path)
    if not files:
        raise InputNotFoundError(f"{source}: expected files of clicks, found none")
    return files


def draw_annotator(id: str, clicks: Iterable[Click], seed: int) -> str | None:
    """Draw one of the annotators of a video; return None if the clicks name none."""
    annotators = sorted({click.annotator for click in clicks if click.annotator})
    if not annotators:
        return None
    generator = generator_of(seed, f"annotator of {id}")
    return annotators[generator.integers(len(annotators))]


def label_problems(
    file: Path, clicks: Iterable[Click], classes: tuple[str, ...]
) -> Iterator[str]:
    """Yield a sentence for each label of a file that is not a class."""
    known = (*classes, BACKGROUND)
    places: dict[str, list[str]] = {}
    for click in clicks:
        if click.label not in known:
            places.setdefault(click.label, []).append(click.where)
    for label, where in places.items():
        yield (
            f"{file}, {shown(where, quoted=False)}: expected a class or "
            f"{BACKGROUND!r}, found {label!r}{nearest(label, known)}"
        )


def nearest(label: str, known: tuple[str, ...]) -> str:
    """Return the end of a sentence that suggests the nearest class, or lists all.

    >>> nearest("pole_vault", ("Diving", "PoleVault"))
    "; did you mean 'PoleVault'?"
    """
    plain = {"".join(filter(str.isalnum, name)).lower(): name for name in known}
    text = "".join(filter(str.isalnum, label)).lower()
    near = difflib.get_close_matches(text, plain, n=1)
    if near:
        return f"; did you mean {plain[near[0]]!r}?"
    return f"; the classes are {', '.join(known)}"
