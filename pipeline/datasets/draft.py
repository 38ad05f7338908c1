"""A first manifest, made from a folder of videos."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.datasets.dataset import BACKGROUND, SUBSETS, Instance, Subset
from pipeline.datasets.folder import video_files
from pipeline.errors import UsageError
from pipeline.seeds import generator_of


@dataclass(frozen=True)
class Entry:
    """One video of a manifest to be."""

    path: Path
    labels: tuple[str, ...] | None  # None: nobody has said
    instances: tuple[Instance, ...] = ()
    subset: Subset | None = None  # None: to be drawn


def entries_of_folder(folder: Path) -> list[Entry]:
    """Videos whose sub-folder is their label, `background` for none.

    With both `train` and `test` at the top, these are the subsets and the labels
    stand below.

    Raises:
        InputNotFoundError: The folder does not exist or holds no file.
        UsageError: Videos lie beside the folders `train` and `test`.
    """
    files = video_files(folder)
    has_subsets = all((folder / subset).is_dir() for subset in SUBSETS)
    entries, beside = [], []
    for file in files:
        parents = file.relative_to(folder).parts[:-1]
        subset = next((s for s in SUBSETS if has_subsets and s in parents[:1]), None)
        if has_subsets and not subset:
            beside.append(f"  {file}")
        labels = parents[1:2] if subset else parents[:1]
        actions = tuple(label for label in labels if label != BACKGROUND)
        entries.append(Entry(file, actions if labels else None, subset=subset))
    if beside:
        raise UsageError(
            f"{folder}: with the folders train and test, every video must lie in one "
            "of them; move these\n" + "\n".join(beside)
        )
    return entries


def with_subsets(entries: Sequence[Entry], test_share: float, seed: int) -> list[Entry]:
    """Draw the subsets where none is given, label by label.

    A video of several labels counts for its rarest. Of each label, about `test_share`
    of the videos test, at least one of two, and at least one trains.
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


def unique_ids(paths: Sequence[Path], folder: Path) -> list[str]:
    """Ids: paths in the folder without extension, folders joined by `_`.

    >>> folder = Path("videos")
    >>> unique_ids([folder / "pour" / "a b.mp4", folder / "pour" / "a b.avi"], folder)
    ['pour_a b', 'pour_a b (2)']
    """
    ids: dict[str, None] = {}
    for path in paths:
        place = path.relative_to(folder) if path.is_relative_to(folder) else path
        parts = [
            part for part in place.with_suffix("").parts if part not in ("/", "..")
        ]
        stem = "_".join(parts).replace("\\", "_")
        others = (f"{stem} ({number})" for number in range(2, len(paths) + 2))
        ids[next(id for id in (stem, *others) if id not in ids)] = None
    return list(ids)


def manifest_of(
    entries: Sequence[Entry],
    durations: Mapping[Path, float],
    folder: Path,
    home: Path,
) -> dict[str, Any]:
    """The manifest's content.

    Args:
        entries: With subsets.
        durations: Seconds of each video.
        folder: Where the videos are; ids are paths in it.
        home: Where the manifest will be; paths in it are relative, others absolute.
    """
    ids = unique_ids([entry.path for entry in entries], folder)
    classes = sorted({label for entry in entries for label in entry.labels or ()})
    return {
        "version": 1,
        **({"classes": classes} if classes else {}),
        "videos": [
            _to_json(id, entry, durations[entry.path], normal(home))
            for id, entry in zip(ids, entries, strict=True)
        ],
    }


def _to_json(
    id: str, entry: Entry, duration_seconds: float, home: Path
) -> dict[str, Any]:
    path = normal(entry.path)
    video: dict[str, Any] = {
        "id": id,
        "path": (
            path.relative_to(home) if path.is_relative_to(home) else path
        ).as_posix(),
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
    """The absolute path without any `..`."""
    return Path(os.path.normpath(path.absolute()))
