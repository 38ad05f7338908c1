"""What is wrong with a dataset, now that its files are known as well."""

from collections.abc import Iterator
from dataclasses import replace

from pipeline.check.content import same_content
from pipeline.check.facts import Facts, Failure, Findings
from pipeline.datasets import SUBSETS, Dataset, Problem, Video, find_problems
from pipeline.datasets.folder import may_be_video

# A duration that is one percent off shifts every annotation of a long video.
TOLERANCE_SECONDS = 1.0


def problems_of(dataset: Dataset, findings: Findings) -> list[Problem]:
    """All that has to be mended before the dataset is worth a run."""
    return [
        *find_problems(_as_long_as_they_are(dataset, findings)),
        *_subsets(dataset),
        *(problem for v in dataset.videos for problem in _file(v, findings[v.path])),
        *same_content(dataset, findings),
    ]


def notes_of(dataset: Dataset, findings: Findings) -> list[Problem]:
    """What is worth knowing and need not be mended."""
    return [
        *_scoring(dataset),
        *(note for v in dataset.videos for note in _video_notes(v, findings[v.path])),
        *_unnamed_files(dataset),
    ]


def _as_long_as_they_are(dataset: Dataset, findings: Findings) -> Dataset:
    """The dataset with real durations where they are known, not the stated ones."""
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
        text = f"no video is of the {subset} subset"
        yield Problem("", "empty subset", text)
    shown = {label for v in dataset.of_subset("train") for label in v.labels}
    # Where no label is known at all, clicks will tell.
    for name in dataset.classes if shown else ():
        if name not in shown:
            text = f"no training video shows {name!r}; it cannot be learned"
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
            f"the annotations state {stated:.2f} s, {lasts}; see whether this is the "
            "video that was annotated, at the same speed",
        )
    if facts.late_seconds > TOLERANCE_SECONDS:
        text = f"the first picture comes {facts.late_seconds:.2f} s late"
        yield Problem(video.id, "first second without pictures", text)
    if facts.missing_seconds > TOLERANCE_SECONDS:
        text = f"{lasts} as it says, its pictures end {facts.missing_seconds:.2f} s "
        text += "sooner; fetch or re-encode it again"
        yield Problem(video.id, "last second without pictures", text)
    if video.sha256 and video.sha256 != facts.sha256:
        text = f"the manifest states the sha256 {video.sha256}, it is {facts.sha256}"
        yield Problem(video.id, "other content than stated", text)


def _scoring(dataset: Dataset) -> Iterator[Problem]:
    test = dataset.of_subset("test")
    found = {i.label for video in test for i in video.instances}
    if test and not found:
        text = "no test video has segments: actions can be detected, but not scored"
        yield Problem("", "nothing to score", text)
        return
    for name in dataset.classes if test else ():
        if name not in found:
            text = f"no test video has a segment of {name!r}; it is not scored"
            yield Problem("", "class without test instances", text)


def _video_notes(video: Video, facts: Facts | Failure) -> Iterator[Problem]:
    if isinstance(facts, Facts) and facts.has_variable_rate:
        text = f"{facts.fps:.3g} frames per second on average; sampled by their times"
        yield Problem(video.id, "variable frame rate", text)
    has_times = video.instances or video.points
    if video.subset == "train" and video.labels and not has_times:
        text = "neither segments nor points; learned from its labels alone"
        yield Problem(video.id, "training video without times", text)


def _unnamed_files(dataset: Dataset) -> Iterator[Problem]:
    """Files beside the dataset's videos that seem to be videos too."""
    named = {video.path.absolute() for video in dataset.videos}
    for folder in sorted({path.parent for path in named}):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            is_known = path in named or path.stem in dataset.unused
            if path.is_file() and may_be_video(path.name) and not is_known:
                yield Problem("", "file that no annotation names", str(path))
