"""The counts of a release of ActivityNet, by which a file of it is recognised."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """The counts that the authors publish for an annotation file."""

    classes: int
    videos: Mapping[str, int]  # by subset
    instances: Mapping[str, int]  # by subset; the testing labels are withheld

    def __str__(self) -> str:
        return (
            f"{_sum_text(self.videos)} videos, {_sum_text(self.instances)} instances, "
            f"{self.classes} classes"
        )

    def check(self, path: Path) -> None:
        """Check that a file has the same counts.

        Raises:
            ValueError: If it is not JSON, is not in ActivityNet's format, or has other
                counts.
        """
        found = count(path)
        if found != self:
            raise ValueError(f"expected {self}, found {found}")


def count(path: Path) -> Release:
    """Count the videos, instances and classes of a file in ActivityNet's format.

    Raises:
        ValueError: If it is not JSON, or not in that format.
    """
    try:
        database = json.loads(path.read_bytes())["database"]
        labels = [
            (video["subset"], instance["label"])
            for video in database.values()
            for instance in video["annotations"]
        ]
        videos = Counter(video["subset"] for video in database.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"expected JSON in ActivityNet's format, found something else ({error!r})"
        ) from error
    return Release(
        classes=len({label for _, label in labels}),
        videos=dict(videos),
        instances=dict(Counter(subset for subset, _ in labels)),
    )


def _sum_text(numbers: Mapping[str, int]) -> str:
    """Write the sum of some counts, and each of them.

    >>> _sum_text({"training": 4819, "validation": 2383})
    '7,202 (4,819 training, 2,383 validation)'
    """
    parts = ", ".join(f"{number:,} {subset}" for subset, number in numbers.items())
    return f"{sum(numbers.values()):,} ({parts})"
