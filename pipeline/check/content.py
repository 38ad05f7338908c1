"""Videos that are byte-for-byte copies of each other."""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.check.facts import Facts, FactsByPath
from pipeline.datasets import Dataset, Problem, Video
from pipeline.storage import sha256_of


def same_content(dataset: Dataset, findings: FactsByPath) -> Iterator[Problem]:
    """Yield a problem for each video whose file is a copy of another video's file.

    Copies across subsets leak training data into the test. Only files of equal size
    are read.
    """
    for videos in _by_content(dataset, findings):
        first, *others = videos
        for other in others:
            overlaps = other.subset != first.subset
            yield Problem(
                other.id,
                "train/test overlap" if overlaps else "duplicate content",
                f"the file has the same content as {first.path}, which is "
                f"{first.id!r} of the {first.subset} subset; this one is of the "
                f"{other.subset} subset",
            )


def _by_content(dataset: Dataset, findings: FactsByPath) -> Iterator[list[Video]]:
    by_size: dict[int, dict[str, Video]] = defaultdict(dict)
    for video in dataset.videos:
        facts = findings[video.path]
        if isinstance(facts, Facts):
            by_size[facts.size_bytes].setdefault(video.id, video)
    for candidates in by_size.values():
        if len(candidates) == 1:
            continue
        by_hash = defaultdict(list)
        for video in candidates.values():
            by_hash[sha256_of(video.path)].append(video)
        yield from by_hash.values()
