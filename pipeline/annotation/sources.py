"""The videos and classes to annotate, from a manifest, folders or files."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets import Dataset, Video, load_dataset
from pipeline.datasets.draft import DraftVideo, entries_of_folder, normal
from pipeline.datasets.folder import unique_ids, with_text_names
from pipeline.datasets.spelling import parse_classes
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.progress import shown

MANIFESTS = (".json", ".jsonl")
SUBSETS = ("train", "test", "all")


def dataset_to_annotate(
    sources: Sequence[Path], classes: str | None, subset: str
) -> Dataset:
    """Collect the videos of a subset from the sources, with the classes to choose from.

    Videos of a folder get the ids that `soda init` would give them.

    Args:
        sources: One manifest; or folders, whose sub-folders are labels, and files.
        classes: See `parse_classes`. None takes the manifest's classes, or the names of
            the sub-folders.
        subset: One of `SUBSETS`. Videos without a stated one are training videos.

    Raises:
        UsageError: There are no classes, or a parameter has an impossible value.
        InputNotFoundError: A source does not exist or contains no video.
        AnnotationError: The manifest is invalid; the message lists all problems.
    """
    if subset not in SUBSETS:
        raise UsageError(f"--subset {subset}: expected one of {', '.join(SUBSETS)}")
    is_manifest = sources[0].suffix.lower() in MANIFESTS
    dataset = (_of_manifest if is_manifest else _of_videos)(sources, classes)
    chosen = tuple(v for v in dataset.videos if subset in ("all", v.subset))
    if not chosen:
        raise InputNotFoundError(
            f"{dataset.source}: expected videos of the subset {subset}, found only "
            f"{shown({v.subset for v in dataset.videos})}; try another --subset"
        )
    return dataset.with_videos(chosen)


def _of_manifest(sources: Sequence[Path], classes: str | None) -> Dataset:
    if len(sources) > 1 or classes is not None:
        raise UsageError(
            f"{sources[0]}: expected a manifest alone, which has its own classes, "
            "found --classes or more sources; leave them out, or give folders of videos"
        )
    return load_dataset(str(sources[0]))


def _of_videos(sources: Sequence[Path], classes: str | None) -> Dataset:
    entries = [entry for source in sources for entry in _entries(source)]
    found = sorted({label for entry in entries for label in entry.labels or ()})
    names = parse_classes(classes) if classes is not None else tuple(found)
    if not names:
        raise UsageError(
            f"{sources[0]}: expected sub-folders named after actions, found none; name "
            "the actions, as in --classes pour,stir"
        )
    folders = {normal(s) if s.is_dir() else normal(s).parent for s in sources}
    folder = Path(os.path.commonpath(folders))
    ids = unique_ids([normal(entry.path) for entry in entries], folder)
    videos = tuple(
        Video(id, entry.subset or "train", entry.path, entry.labels or ())
        for id, entry in zip(ids, entries, strict=True)
    )
    return Dataset(folder.name, folder, folder, names, videos)


def _entries(source: Path) -> list[DraftVideo]:
    if source.is_file():
        return [DraftVideo(file, None) for file in with_text_names([source])]
    if source.is_dir():
        return entries_of_folder(source)
    raise InputNotFoundError(
        f"{source}: no such video, folder of videos or manifest; check the path"
    )
