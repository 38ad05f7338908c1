"""THUMOS14's official text annotations: one file a class, `video_id  start end`.

The validation videos train and the test videos test, as its training videos are
trimmed. Files are found by their names, `Diving_val.txt` and `Diving_test.txt`, in
nested folders too, however the archives were unpacked.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.text import read_text
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError

# Segments that show an action, but which one could not be said: no class.
AMBIGUOUS = "Ambiguous"
SUFFIXES: dict[Subset, str] = {"train": "_val", "test": "_test"}
# The test lists in circulation, by what they leave out of the 213 videos: 1292 has
# ambiguous segments only, 270 and 1496 are annotated wrongly.
LEFT_OUT = {
    "213": (),
    "212": ("video_test_0001292",),
    "210": ("video_test_0000270", "video_test_0001292", "video_test_0001496"),
}


Annotations = dict[str, tuple[Instance, ...]]  # by video id


def videos_left_out(test_list: str) -> tuple[str, ...]:
    """The videos that one of THUMOS14's test lists leaves out.

    Raises:
        UsageError: No such list.
    """
    if test_list not in LEFT_OUT:
        lists = ", ".join(LEFT_OUT)
        raise UsageError(f"--thumos14-list {test_list}: expected one of {lists}")
    return LEFT_OUT[test_list]


def read_thumos14(
    folder: Path, excluded: Collection[str] = LEFT_OUT["210"]
) -> dict[Subset, Annotations]:
    """Read the annotations of both subsets, ambiguous segments included.

    Args:
        folder: Holds the files, or the folders that hold them.
        excluded: Ids of videos that are left out.

    Returns:
        By subset and video id, both in order, the instances by start.

    Raises:
        InputNotFoundError: The folder has no file of a subset.
        AnnotationError: Lines that are no segments; all are named.
    """
    return {
        subset: _read_subset(folder, suffix, excluded)
        for subset, suffix in SUFFIXES.items()
    }


def thumos14_dataset(
    folder: Path,
    videos_folder: Path,
    files: Mapping[str, Path],
) -> Dataset:
    """The benchmark as a dataset, with all of its videos; its classes are the labels.

    Args:
        folder: Holds the text annotations.
        videos_folder: Where a video would be that `files` does not have.
        files: The files of the videos by id.

    Raises:
        InputNotFoundError: The folder has no file of a subset.
        AnnotationError: Lines that are no segments; all are named.
    """
    videos = tuple(
        video_of(id, subset, instances, files.get(id, videos_folder / id))
        for subset, annotations in read_thumos14(folder, excluded=()).items()
        for id, instances in annotations.items()
    )
    labels = {label for video in videos for label in video.labels}
    return Dataset("thumos14", folder, videos_folder, tuple(sorted(labels)), videos)


def video_of(
    id: str, subset: Subset, instances: Sequence[Instance], path: Path
) -> Video:
    """A video, its ambiguous segments apart from the instances."""
    known = tuple(i for i in instances if i.label != AMBIGUOUS)
    return Video(
        id=id,
        subset=subset,
        path=path,
        labels=tuple(sorted({instance.label for instance in known})),
        instances=known,
        ambiguous=tuple(i for i in instances if i.label == AMBIGUOUS),
    )


def _read_subset(folder: Path, suffix: str, excluded: Collection[str]) -> Annotations:
    instances: dict[str, list[Instance]] = {}
    problems: list[str] = []
    for label, path in _class_files(folder, suffix).items():
        for where, line in _lines(path):
            try:
                id, instance = parse_line(label, line)
            except ValueError as error:
                problems.append(f"  {where}: {error}")
            else:
                instances.setdefault(id, []).append(instance)
    if problems:
        raise AnnotationError(
            f"{folder}: {len(problems)} line(s) that are no segments; correct or "
            "remove them and run the same command again\n" + "\n".join(problems)
        )
    return {
        id: tuple(sorted(found, key=lambda i: (i.start_seconds, i.label)))
        for id, found in sorted(instances.items())
        if id not in excluded
    }


def _class_files(folder: Path, suffix: str) -> dict[str, Path]:
    """The file of each class."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{suffix}.txt")):
        label = path.stem.removesuffix(suffix)
        if label in files:
            raise AnnotationError(
                f"{folder}: two files of the class {label}: {files[label]} and {path}; "
                "remove one"
            )
        files[label] = path
    if not files:
        raise InputNotFoundError(
            f"{folder}: expected THUMOS14's text annotations, files such as "
            f"Diving{suffix}.txt, found none; give the folder that holds them"
        )
    return files


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Where each line stands, and the line; those without text are left out."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            yield f"{path}, line {number}", line.strip()


def parse_line(label: str, line: str) -> tuple[str, Instance]:
    """The video and the segment of one line.

    Raises:
        ValueError: It is none, or one that ends before it has begun.

    >>> parse_line("Diving", "video_test_0000324  49.2 53.5")[1].end_seconds
    53.5
    """
    try:
        id, *times = line.split()
        start, end = map(float, times)
        if not 0 <= start < end < float("inf"):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"expected `video_id start end` with 0 <= start < end, found {line!r}"
        ) from None
    return id, Instance(label, start, end)
