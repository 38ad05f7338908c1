"""THUMOS14's official text annotations: one file per class, `video_id  start end`.

The validation videos are for training and the test videos for testing, as the training
videos are trimmed. Files are found by their names, `Diving_val.txt` and
`Diving_test.txt`, also in nested folders, however the archives were unpacked.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.text import read_text
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.progress import count_of

# The label of segments whose action the annotators could not determine: no class.
AMBIGUOUS = "Ambiguous"
SUFFIXES: dict[Subset, str] = {"train": "_val", "test": "_test"}
# The test lists in circulation, and which of the 213 videos each leaves out: 1292 has
# ambiguous segments only, 270 and 1496 have wrong annotations.
LEFT_OUT = {
    "213": (),
    "212": ("video_test_0001292",),
    "210": ("video_test_0000270", "video_test_0001292", "video_test_0001496"),
}

Annotations = dict[str, tuple[Instance, ...]]  # by video id


def videos_left_out(test_list: str) -> tuple[str, ...]:
    """Return the videos that one of THUMOS14's test lists leaves out.

    Raises:
        UsageError: If there is no such list.
    """
    if test_list not in LEFT_OUT:
        lists = ", ".join(LEFT_OUT)
        raise UsageError(f"--thumos14-list {test_list}: expected one of {lists}")
    return LEFT_OUT[test_list]


def read_thumos14(
    folder: Path, excluded: Collection[str] = LEFT_OUT["210"]
) -> dict[Subset, Annotations]:
    """Read the annotations of both subsets, ambiguous segments included.

    Videos with an id in `excluded` are left out. Ids are sorted, instances are in order
    of their start.

    Raises:
        InputNotFoundError: If the folder has no file of a subset.
        AnnotationError: If lines are not segments, which are all listed, or if a class
            has two files.
    """
    return {
        subset: _read_subset(folder, suffix, excluded)
        for subset, suffix in SUFFIXES.items()
    }


def thumos14_dataset(
    folder: Path, videos_folder: Path, files: Mapping[str, Path]
) -> Dataset:
    """Build the benchmark's dataset, with all videos; its classes are the labels.

    `files` are those of the videos by id. `videos_folder` is assumed for others. The
    errors are those of `read_thumos14`.
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
    """Build a video, with ambiguous segments separated from the instances."""
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
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            try:
                id, instance = parse_line(label, line.strip())
            except ValueError as error:
                problems.append(f"  {path}, line {number}: {error}")
            else:
                instances.setdefault(id, []).append(instance)
    if problems:
        lines = count_of(
            len(problems), "line is not a segment", "lines are not segments"
        )
        raise AnnotationError(
            f"{folder}: {lines}; correct or remove them and run the same command "
            "again\n" + "\n".join(problems)
        )
    return {
        id: tuple(sorted(found, key=lambda i: (i.start_seconds, i.label)))
        for id, found in sorted(instances.items())
        if id not in excluded
    }


def _class_files(folder: Path, suffix: str) -> dict[str, Path]:
    """Find the file of each class."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{suffix}.txt")):
        label = path.stem.removesuffix(suffix)
        if label in files:
            raise AnnotationError(
                f"{folder}: expected one file per class, found two files of the class "
                f"{label}: {files[label]} and {path}; remove one"
            )
        files[label] = path
    if not files:
        raise InputNotFoundError(
            f"{folder}: expected THUMOS14's text annotations, files such as "
            f"Diving{suffix}.txt, found none; give the folder that holds them"
        )
    return files


def parse_line(label: str, line: str) -> tuple[str, Instance]:
    """Parse the video and the segment of one line.

    Raises:
        ValueError: If it is not a segment, or one that ends before it begins.

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
