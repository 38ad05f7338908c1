"""A draft of a manifest, made from a folder of videos or a table."""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import SUBSETS, Instance, Subset
from pipeline.datasets.folder import video_files
from pipeline.datasets.spelling import (
    is_background,
    own_subset_names,
    split_of,
    split_within,
)
from pipeline.errors import UsageError
from pipeline.progress import shown
from pipeline.seeds import generator_of


@dataclass(frozen=True)
class DraftVideo:
    """One video of the draft."""

    path: Path
    labels: tuple[str, ...] | None  # None: unknown
    instances: tuple[Instance, ...] = ()
    subset: Subset | None = None  # None: still to be drawn


def entries_of_folder(folder: Path) -> list[DraftVideo]:
    """List the videos of a folder; the sub-folder of a video is its label.

    The sub-folder `background` is for videos without any action. If the folder has
    both `train` and `test`, these are the subsets, and the labels are one level below.
    All of these may have any usual spelling (see `pipeline.datasets.spelling`).

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
        UsageError: If videos are outside the folders of the two subsets, or folders may
            be subsets but are not two.
    """
    files = video_files(folder)
    parents = {file: file.relative_to(folder).parts[:-1] for file in files}
    subsets = _subset_folders(folder, {*parents.values()})
    entries, beside = [], []
    for file, names in parents.items():
        subset = subsets.get(names[0]) if names else None
        if subsets and not subset:
            beside.append(f"  {file}")
        labels = names[1:2] if subset else names[:1]
        actions = tuple(label for label in labels if not is_background(label))
        entries.append(DraftVideo(file, actions if labels else None, subset=subset))
    if beside:
        raise UsageError(
            f"{folder}: expected every video in the folders of the subsets, "
            f"{shown(subsets)}, found others; move these\n" + "\n".join(beside)
        )
    return entries


def _subset_folders(
    folder: Path, places: Collection[tuple[str, ...]]
) -> dict[str, Subset]:
    """Return the subset of each top folder; nothing if the top folders are labels.

    Args:
        folder: The folder of the videos.
        places: The names of the folders that lead to videos in it.

    Raises:
        UsageError: If folders may be subsets or labels.
    """
    tops = {names[0] for names in places if names}
    try:
        subsets = own_subset_names(tops)
    except ValueError as error:
        raise UsageError(f"{folder}: {error}") from error
    if {*subsets.values()} == {*SUBSETS}:
        return subsets
    alike = {split: name for name in sorted(tops) if (split := split_within(name))}
    nested = {
        "/".join(names[:2])
        for names in places
        if names[1:] and (split_within(names[0]) or split_of(names[1]))
    }
    only = len(tops) == 1 and any(map(split_of, tops))
    if len(alike) > 1 or nested or only:
        named = nested if len(alike) < 2 and nested else alike.values()
        raise UsageError(
            f"{folder}: expected folders of both subsets, train and test, at the top "
            "and labels below them, or labels alone, found "
            f"{shown(sorted(named))}; move or rename folders, or give the folder of "
            "the labels or subsets itself"
        )
    return {}


def with_subsets(
    entries: Sequence[DraftVideo], test_share: float, seed: int
) -> list[DraftVideo]:
    """Draw the subsets, label by label, unless every entry has one.

    A video with several labels counts for its rarest one. About `test_share` of each
    label's videos become test videos: at least one if there are two or more, and at
    least one remains for training.
    """
    if all(entry.subset for entry in entries):
        return list(entries)
    counts = Counter(label for entry in entries for label in entry.labels or ())
    groups: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        rarest = min(entry.labels or ("",), key=lambda label: (counts[label], label))
        groups[rarest].append(index)
    test: set[int] = set()
    for label, indices in groups.items():
        wanted = max(round(test_share * len(indices)), 1) if test_share else 0
        order = generator_of(seed, label).permutation(indices).tolist()
        test.update(order[: min(wanted, len(indices) - 1)])
    return [
        replace(entry, subset="test" if index in test else "train")
        for index, entry in enumerate(entries)
    ]


def manifest_of(
    entries: Sequence[DraftVideo],
    ids: Mapping[Path, str],
    durations: Mapping[Path, float],
    home: Path,
) -> dict[str, Any]:
    """Build the content of the manifest, from entries that all have a subset.

    Durations are in seconds. Paths inside `home`, the manifest's folder, are written as
    relative, others as absolute.
    """
    classes = sorted({label for entry in entries for label in entry.labels or ()})
    videos = [
        _to_json(ids[entry.path], entry, durations[entry.path], normal(home))
        for entry in entries
    ]
    named = {"classes": classes} if classes else {}
    return {"version": 1, **named, "videos": videos}


def _to_json(
    id: str, entry: DraftVideo, duration_seconds: float, home: Path
) -> dict[str, Any]:
    path = normal(entry.path)
    path = path.relative_to(home) if path.is_relative_to(home) else path
    video: dict[str, Any] = {
        "id": id,
        "path": path.as_posix(),
        "subset": entry.subset,
        "duration": round(duration_seconds, 3),
    }
    if entry.labels is not None:
        video["labels"] = list(entry.labels)
    if entry.instances:
        video["segments"] = [
            {"label": i.label, "segment": [i.start_seconds, i.end_seconds]}
            for i in entry.instances
        ]
    return video


def normal(path: Path) -> Path:
    """Return the absolute path without any `..`."""
    return Path(os.path.normpath(path.absolute()))
