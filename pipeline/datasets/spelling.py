"""The spellings of subsets, of background and of labels, as people write them."""

import json
import logging
import os
import re
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from pipeline.datasets.dataset import BACKGROUND, Subset
from pipeline.datasets.text import json_path, read_text
from pipeline.errors import UsageError
from pipeline.progress import shown

logger = logging.getLogger("soda")

Split = Literal["train", "validation", "test"]

SPLITS: dict[Split, str] = {
    "train": "train(ing)?",
    "validation": "val(id(ation)?)?",
    "test": "test(ing)?",
}
OF_VIDEOS = r"[\W_]*(set|split|subset|data|videos?)?"  # as in "test set"
BACKGROUNDS = {BACKGROUND, "bg", "none", "noaction"}


def split_of(name: str) -> Split | None:
    """Return the split that a subset's name means; None for other names.

    >>> [split_of(name) for name in ("TRAIN", "Validation", "test set", "latest")]
    ['train', 'validation', 'test', None]
    """
    text = name.strip().casefold()
    found = (s for s, p in SPLITS.items() if re.fullmatch(p + OF_VIDEOS, text))
    return next(found, None)


def split_within(name: str) -> Split | None:
    """Return the split that one of the words of a name means; None for other names.

    >>> [split_within(name) for name in ("train_1", "my test", "trainer")]
    ['train', 'test', None]
    """
    words = re.findall(r"[^\W\d_]+", name)
    return next(filter(None, map(split_of, words)), None)


def subset_names(found: Iterable[str]) -> dict[str, Subset]:
    """Map the names of a file's or folder's subsets to `train` and `test`.

    The validation subset is the test set if there is a training subset, as in
    ActivityNet, whose testing labels are secret. Otherwise it is the training set, as
    in THUMOS14, whose training videos are trimmed. Other names are left out.

    >>> subset_names({"Training", "Validation", "Testing", "extra"})
    {'Training': 'train', 'Validation': 'test'}
    >>> subset_names({"val", "test"})
    {'test': 'test', 'val': 'train'}
    """
    splits = {name: split_of(name) for name in sorted(found)}
    meant: dict[Split | None, Subset] = {"train": "train", "test": "test"}
    if {"train", "validation"} <= {*splits.values()}:
        meant = {"train": "train", "validation": "test"}
    else:
        meant["validation"] = "train"
    return {name: meant[split] for name, split in splits.items() if split in meant}


def own_subset_names(found: Iterable[str]) -> dict[str, Subset]:
    """Map the names of the subsets of people's own data, where no video is secret.

    Raises:
        ValueError: If there are three subsets, of which one would be left out.
    """
    names = {name: split for name in sorted(found) if (split := split_of(name))}
    if len({*names.values()}) == len(SPLITS):
        raise ValueError(
            f"expected two subsets, train and test, found three: {shown(names)}; move "
            "the videos of one into another, such as those for validation into train"
        )
    return subset_names(names)


def is_background(label: str) -> bool:
    """Check whether a label means that no action is visible, in any spelling.

    >>> [is_background(label) for label in ("Background", " BG", "no action", "bag")]
    [True, True, True, False]
    """
    return re.sub(r"[\W_]", "", label).casefold() in BACKGROUNDS


def point_label(label: str) -> str:
    """Return the label of a point: `background` in every spelling, others as they are.

    >>> point_label("BG"), point_label("Diving")
    ('background', 'Diving')
    """
    return BACKGROUND if is_background(label) else label


def resembles_background(label: str) -> bool:
    """Check whether a label is a spelling of background, or such a word with a number.

    >>> [resembles_background(label) for label in ("Backgrounds", "bg_2", "none left")]
    [True, True, False]
    """
    return is_background(re.sub(r"[\W_\d]", "", label).removesuffix("s"))


def label_text(value: Any, *place: str | int) -> str:
    """Return a label of a JSON document as text; 3 and 3.0 are both "3".

    Raises:
        ValueError: If it is neither a text nor a number, or is empty. The message
            begins with its path in the document, `place`, if given.
    """
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not (is_number or (isinstance(value, float) and isfinite(value))):
        found = json.dumps(value, ensure_ascii=False)[:100]
        where = f"{json_path(place)}: " if place else ""
        raise ValueError(
            f"{where}expected a label, the name of an action, found {found}"
        )
    return str(value)


def warn_of_numbers(path: Path, labels: Iterable[Any]) -> None:
    """Tell the user which labels of a file are numbers, and which classes they mean."""
    numbers = {repr(v): label_text(v) for v in labels if not isinstance(v, str)}
    if numbers:
        logger.warning(
            "%s: the labels %s are numbers; they are read as the classes %s",
            path,
            shown(sorted(numbers), quoted=False),
            shown(sorted(set(numbers.values()))),
        )


def parse_classes(text: str) -> tuple[str, ...]:
    """Parse names separated by commas, or read them from a text file, one per line.

    Raises:
        UsageError: If a name is reserved or repeated, or if there is none.

    >>> parse_classes("pour, stir")
    ('pour', 'stir')
    """
    path = Path(text)
    given = read_text(path).splitlines() if os.path.isfile(path) else text.split(",")
    names = tuple(name.strip() for name in given if name.strip())
    if not names or any(map(is_background, names)) or len(set(names)) < len(names):
        raise UsageError(
            f"--classes {text}: expected distinct names of actions, separated by "
            f"commas or one per line in a file, found {shown(names)}; leave out "
            f"{BACKGROUND!r}, which is always available"
        )
    return names
