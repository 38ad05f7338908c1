"""How much a release of ActivityNet holds, which tells whether a file is that."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """The numbers that the authors publish of an annotation file."""

    classes: int
    videos: Mapping[str, int]  # by subset
    instances: Mapping[str, int]  # by subset; the testing labels are withheld

    def __str__(self) -> str:
        return (
            f"{_sum_text(self.videos)} videos, {_sum_text(self.instances)} instances, "
            f"{self.classes} classes"
        )

    def check(self, path: Path) -> None:
        """Check that a file holds as much.

        Raises:
            ValueError: It is no JSON, is not in ActivityNet's form, or holds more or
                less.
        """
        found = count(path)
        if found != self:
            raise ValueError(f"expected {self}, found {found}")


def count(path: Path) -> Release:
    """How much a file in ActivityNet's form holds.

    Raises:
        ValueError: It is no JSON, or not in that form.
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
            f"expected JSON in ActivityNet's form, found something else ({error!r})"
        ) from error
    return Release(
        classes=len({label for _, label in labels}),
        videos=dict(videos),
        instances=dict(Counter(subset for subset, _ in labels)),
    )


def _sum_text(numbers: Mapping[str, int]) -> str:
    """
    >>> _sum_text({"training": 4819, "validation": 2383})
    '7,202 (4,819 training, 2,383 validation)'
    """
    parts = ", ".join(f"{number:,} {subset}" for subset, number in numbers.items())
    return f"{sum(numbers.values()):,} ({parts})"
