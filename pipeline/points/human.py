"""The clicks that people made in a dataset's videos."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets import BACKGROUND, Dataset
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.points.formats import Click, read_click_file
from pipeline.points.names import VideoNames
from pipeline.progress import count_of
from pipeline.seeds import generator_of

SHOWN = 5  # names or places of one kind that a message lists


@dataclass(frozen=True)
class HumanClicks:
    """The clicks of some files, by the id of the video in the dataset."""

    videos: dict[str, tuple[Click, ...]]
    files: dict[str, str]  # the format of each
    annotators: dict[str, int]  # number of videos for which each was drawn
    unknown: dict[str, int]  # number of clicks by name, for videos not in the dataset


def read_human_clicks(source: str, dataset: Dataset, seed: int) -> HumanClicks:
    """Read files of clicks and match them with the videos and classes of a dataset.

    If several annotators clicked a video, one of them is drawn by the seed and the
    video's id, as SF-Net does. Clicks without an annotator are all kept.

    Args:
        source: A file, several files separated by commas, or a folder of files.

    Raises:
        InputNotFoundError: If there is no such file.
        AnnotationError: If a file cannot be read, if clicks are invalid or have labels
            that are not classes (all are listed), or if no click is in the dataset's
            videos.
    """
    files = [read_click_file(path) for path in files_of(source)]
    names = VideoNames(dataset)
    videos: dict[str, list[Click]] = {}
    unknown: Counter[str] = Counter()
    problems = [problem for file in files for problem in file.problems]
    for file in files:
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
            "them and run the same command again\n  " + "\n  ".join(problems)
        )
    if not videos:
        raise AnnotationError(
            f"{source}: expected clicks in the dataset's videos, such as "
            f"{shown(v.id for v in dataset.videos)}, found "
            + (f"clicks in {shown(unknown)}" if unknown else "no click at all")
            + "; check that these are the right files"
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
    paths = [whole] if whole.exists() else [Path(p.strip()) for p in source.split(",")]
    files: list[Path] = []
    for path in paths:
        if not path.exists():
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


def shown(names: Iterable[str], quoted: bool = True) -> str:
    """Write the first few names and the number of further ones.

    >>> shown("abcdefg")
    "'a', 'b', 'c', 'd', 'e' and 2 more"
    """
    texts = [repr(name) if quoted else name for name in names]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more
