"""Videos that are there twice, byte by byte."""

from collections import defaultdict
from collections.abc import Iterator

from pipeline.check.facts import Facts, Findings
from pipeline.datasets import Dataset, Problem, Video
from pipeline.storage import sha256_of


def same_content(dataset: Dataset, findings: Findings) -> Iterator[Problem]:
    """Videos of one content under several ids, across the subsets or within one.

    Only files of one size are read.
    """
    for videos in _by_content(dataset, findings):
        first, *others = videos
        for other in others:
            overlaps = other.subset != first.subset
            yield Problem(
                other.id,
                "train/test overlap" if overlaps else "one content twice",
                f"the file holds the same as {first.path}, which is {first.id!r} of "
                f"the {first.subset} subset; this one is of the {other.subset} subset",
            )


def _by_content(dataset: Dataset, findings: Findings) -> Iterator[list[Video]]:
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
