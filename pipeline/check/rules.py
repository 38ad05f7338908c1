"""The rules that a dataset and its video files are checked against."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from pipeline.check.facts import Facts, FactsByPath, Failure
from pipeline.check.same_footage import shift_between
from pipeline.datasets import SUBSETS, Dataset, Problem, Video, find_problems
from pipeline.datasets.folder import CAMERA_COPIES, may_be_video
from pipeline.datasets.video_names import VideoNames
from pipeline.storage import sha256_of

# A duration that is one percent off shifts every annotation of a long video.
TOLERANCE_SECONDS = 1.0
NOTABLE_PAUSE_SECONDS = 10.0
OVERLAP = "train/test overlap"


def problems_of(dataset: Dataset, findings: FactsByPath) -> list[Problem]:
    """Return the problems to fix before a run."""
    same = list(_by_content(dataset, findings))
    return [
        *find_problems(_as_long_as_they_are(dataset, findings)),
        *_subsets(dataset),
        *(problem for v in dataset.videos for problem in _file(v, findings[v.path])),
        *_same_content(same),
        *_same_footage(dataset, findings, same),
    ]


def notes_of(dataset: Dataset, findings: FactsByPath) -> list[Problem]:
    """Return the observations that are worth knowing but need no fix."""
    return [
        *_scoring(dataset),
        *(note for v in dataset.videos for note in _video_notes(v, findings[v.path])),
        *_unnamed_files(dataset),
    ]


def _as_long_as_they_are(dataset: Dataset, findings: FactsByPath) -> Dataset:
    """Return the dataset with measured durations in place of stated ones."""
    return dataset.with_videos(
        tuple(
            replace(video, duration_seconds=facts.duration_seconds)
            if isinstance(facts := findings[video.path], Facts)
            else video
            for video in dataset.videos
        )
    )


def _subsets(dataset: Dataset) -> Iterator[Problem]:
    empty = [s for s in SUBSETS if not dataset.of_subset(s)]
    for subset in empty if dataset.videos else ():
        text = f"the {subset} subset has no videos; all {len(dataset.videos)} are of "
        text += f"the subset {dataset.videos[0].subset}"
        yield Problem("", "empty subset", text)
    shown = {label for v in dataset.of_subset("train") for label in v.labels}
    # Without any labels, clicks will show the classes.
    for name in dataset.classes if shown else ():
        if name not in shown:
            text = f"no training video shows {name!r}, so it cannot be learned"
            yield Problem("", "class without training videos", text)


def _file(video: Video, facts: Facts | Failure) -> Iterator[Problem]:
    if isinstance(facts, Failure):
        yield Problem(video.id, facts.kind, facts.text)
        return
    lasts = f"the file lasts {facts.duration_seconds:.2f} s"
    stated = video.duration_seconds
    if stated and abs(stated - facts.duration_seconds) > TOLERANCE_SECONDS:
        yield Problem(
            video.id,
            "stated duration differs",
            f"the annotations state {stated:.2f} s, {lasts}; check that this is the "
            "video that was annotated, at the same speed",
        )
    if facts.late_seconds > TOLERANCE_SECONDS:
        text = f"the first frame comes {facts.late_seconds:.2f} s late"
        yield Problem(video.id, "first second without frames", text)
    if facts.missing_seconds > TOLERANCE_SECONDS:
        text = f"{lasts} by its own header, but its frames end "
        text += f"{facts.missing_seconds:.2f} s earlier; fetch or re-encode it again"
        yield Problem(video.id, "last second without frames", text)
    if video.sha256 and video.sha256 != facts.sha256:
        text = f"the manifest states the sha256 {video.sha256}, found {facts.sha256}"
        yield Problem(video.id, "stated sha256 differs", text)


def _same_content(same: list[list[Video]]) -> Iterator[Problem]:
    """Yield a problem for each video whose file is a copy of another video's file.

    Copies across subsets leak training data into the test.
    """
    for first, *others in same:
        for other in others:
            overlaps = other.subset != first.subset
            yield Problem(
                other.id,
                OVERLAP if overlaps else "duplicate content",
                f"the file has the same content as {first.path}, which is "
                f"{first.id!r} of the {first.subset} subset; this one is of the "
                f"{other.subset} subset",
            )


def _same_footage(
    dataset: Dataset, findings: FactsByPath, same: list[list[Video]]
) -> Iterator[Problem]:
    """Yield a problem for each test video that shows the footage of a training video.

    Files of the same content are a problem of their own.
    """
    first = {video.id: group[0].id for group in same for video in group}
    known = [(v, f) for v in dataset.videos if isinstance(f := findings[v.path], Facts)]
    test = [(video, facts) for video, facts in known if video.subset == "test"]
    train = [(video, facts) for video, facts in known if video.subset == "train"]
    for (video, facts), (other, others) in product(test, train):
        if first.get(video.id, video.id) == first.get(other.id, other.id):
            continue
        if (seconds := shift_between(facts, others)) is not None:
            shifted = f", shifted by {seconds:.1f} s" if seconds >= 0.1 else ""
            text = f"the file shows the same footage as {other.path}{shifted}, which "
            text += f"is {other.id!r} of the train subset; this one is of the test "
            text += "subset"
            yield Problem(video.id, OVERLAP, text)


def _by_content(dataset: Dataset, findings: FactsByPath) -> Iterator[list[Video]]:
    """Yield the videos of each content; only files of equal size are read."""
    by_size: dict[int, dict[str, Video]] = defaultdict(dict)
    for video in dataset.videos:
        if isinstance(facts := findings[video.path], Facts):
            by_size[facts.size_bytes].setdefault(video.id, video)
    for videos in by_size.values():
        by_hash = defaultdict(list)
        for video in videos.values() if len(videos) > 1 else ():
            by_hash[sha256_of(video.path)].append(video)
        yield from by_hash.values()


def _scoring(dataset: Dataset) -> Iterator[Problem]:
    test = dataset.of_subset("test")
    found = {i.label for video in test for i in video.instances}
    if test and not found:
        text = "no test video has segments; actions can be detected, but not scored"
        yield Problem("", "nothing to score", text)
        return
    for name in dataset.classes if test else ():
        if name not in found:
            text = f"no test video has a segment of {name!r}, so it is not scored"
            yield Problem("", "class without test instances", text)


def _video_notes(video: Video, facts: Facts | Failure) -> Iterator[Problem]:
    if isinstance(facts, Facts) and facts.has_variable_rate:
        text = f"{facts.fps:.3g} frames per second on average; sampled by frame times"
        yield Problem(video.id, "variable frame rate", text)
    if isinstance(facts, Facts):
        yield from _clock_notes(video.id, facts)
    has_times = video.instances or video.points
    if video.subset == "train" and video.labels and not has_times:
        text = "it has neither segments nor points; it is learned from its labels alone"
        yield Problem(video.id, "training video without times", text)


def _clock_notes(id: str, facts: Facts) -> Iterator[Problem]:
    if facts.longest_step_seconds > NOTABLE_PAUSE_SECONDS:
        text = f"no frame comes for {facts.longest_step_seconds:.1f} s from "
        text += f"{facts.longest_step_begins:.1f} s on; the one before stays on screen"
        yield Problem(id, "pause in the recording", text)
    if facts.num_jumps:
        text = "its times do not follow each other (jumps: "
        text += f"{facts.num_jumps}); frames after a jump are counted on from the ones "
        text += "before it, and players may show other times"
        yield Problem(id, "clock that jumps", text)


def _unnamed_files(dataset: Dataset) -> Iterator[Problem]:
    """Yield a note for each file next to the videos that seems to be a video too."""
    named = {video.path.absolute() for video in dataset.videos}
    unused = VideoNames(dict.fromkeys(dataset.unused, ()))
    for folder in sorted({path.parent for path in named}):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            is_known = path in named or unused.id_of(path.stem)
            is_copy = path.suffix.lower() in CAMERA_COPIES
            may_be = may_be_video(path.name) and not (is_known or is_copy)
            if may_be and path.is_file():
                yield Problem("", "file that no annotation names", str(path))
