"""What is annotated: videos and classes, from a manifest, folders or files."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets import Dataset, Video, load_dataset
from pipeline.datasets.class_names import parse_classes
from pipeline.datasets.draft import Entry, entries_of_folder, normal, unique_ids
from pipeline.errors import InputNotFoundError, UsageError

MANIFESTS = (".json", ".jsonl")
SUBSETS = ("train", "test", "all")


def dataset_to_annotate(
    sources: Sequence[Path], classes: str | None, subset: str
) -> Dataset:
    """The videos of some subset that sources name, with the classes to choose from.

    The ids of a folder's videos are those that `soda init` would give them.

    Args:
        sources: A manifest; or folders, whose sub-folders are labels, and files.
        classes: See `parse_classes`; None: the manifest's, or the sub-folders' names.
        subset: `train`, `test` or `all`; videos of which nothing says it are in each.

    Raises:
        UsageError: There are no classes, or a parameter makes no sense.
        InputNotFoundError: A source does not exist or holds no video.
        AnnotationError: The manifest cannot be used; all problems are listed.
    """
    if subset not in SUBSETS:
        raise UsageError(f"--subset {subset}: expected one of {', '.join(SUBSETS)}")
    if sources[0].suffix.lower() in MANIFESTS:
        dataset = _of_manifest(sources, classes)
    else:
        dataset = _of_videos(sources, classes)
    chosen = tuple(v for v in dataset.videos if subset in ("all", v.subset))
    if not chosen:
        raise InputNotFoundError(
            f"{dataset.source}: expected videos of the subset {subset}, found none; "
            "choose another --subset"
        )
    return dataset.with_videos(chosen)


def _of_manifest(sources: Sequence[Path], classes: str | None) -> Dataset:
    if len(sources) > 1 or classes is not None:
        raise UsageError(
            f"{sources[0]}: a manifest is annotated alone and has its own classes; "
            "leave out --classes and the other sources, or give folders of videos"
        )
    return load_dataset(str(sources[0]))


def _of_videos(sources: Sequence[Path], classes: str | None) -> Dataset:
    entries = [entry for source in sources for entry in _entries(source)]
    found = sorted({label for entry in entries for label in entry.labels or ()})
    names = parse_classes(classes) if classes is not None else tuple(found)
    if not names:
        raise UsageError(
            f"{sources[0]}: no sub-folder says what is done in the videos; name the "
            "actions, as in --classes pour,stir"
        )
    folder = _common_folder(sources)
    ids = unique_ids([normal(entry.path) for entry in entries], folder)
    videos = tuple(
        Video(id, entry.subset or "train", entry.path, entry.labels or ())
        for id, entry in zip(ids, entries, strict=True)
    )
    return Dataset(folder.name, folder, folder, names, videos)


def _entries(source: Path) -> list[Entry]:
    if source.is_file():
        return [Entry(source, None)]
    if source.is_dir():
        return entries_of_folder(source)
    raise InputNotFoundError(
        f"{source}: no such video, folder of videos or manifest; see whether the name "
        "is right"
    )


def _common_folder(sources: Sequence[Path]) -> Path:
    folders = {normal(s) if s.is_dir() else normal(s).parent for s in sources}
    return Path(os.path.commonpath(folders))
