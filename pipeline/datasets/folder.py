"""The video files of a folder, found by their ids."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.progress import count_of, say
from pipeline.storage import comparable

# Files that are often next to videos and share their names.
NOT_VIDEOS = {".json", ".jsonl", ".txt", ".csv", ".srt", ".vtt"}
NOT_VIDEOS |= {".md", ".html", ".jpg", ".png", ".npy"}
# The small copies that GoPro, DJI and Canon cameras write next to each video.
CAMERA_COPIES = {".lrv", ".lrf", ".thm"}


def find_videos(folder: Path) -> dict[str, Path]:
    """Map each id (file name without extension) to its file, nested folders included.

    Ids are `comparable`, so look them up in that form.

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
        AnnotationError: If files share one id. All are listed.
    """
    found: dict[str, Path] = {}
    twice: list[str] = []
    for file in video_files(folder):
        id = comparable(file.stem)
        if id in found:
            twice.append(f"  {id!r}: {found[id]} and {file}")
        found.setdefault(id, file)
    if twice:
        ids = count_of(len(twice), "id has", "ids have")
        raise AnnotationError(
            f"{folder}: {ids} two files, but ids must be unique; rename or remove one "
            "of each\n" + "\n".join(twice)
        )
    return found


def find_detected_videos(folder: Path) -> dict[str, Path]:
    """Map every id that detections may use for a video to its file.

    They are its id by `soda init`, and those by `soda detect`: its name without
    extension if no other video has the same one, and its path. All are `comparable`.

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
    """
    files = video_files(folder)
    names = Counter(comparable(file.stem) for file in files)
    by_name = {comparable(file.stem): file for file in files}
    found = {name: file for name, file in by_name.items() if names[name] == 1}
    found |= {comparable(file.as_posix()): file for file in files}
    return found | dict(zip(unique_ids(files, folder), files, strict=True))


def unique_ids(paths: Sequence[Path], folder: Path) -> list[str]:
    """Make an id of each path: relative to the folder, without extension, `/` as `_`.

    Ids are `comparable`, so that no two of them look the same.

    >>> folder = Path("videos")
    >>> unique_ids([folder / "pour" / "a b.mp4", folder / "pour" / "a b.avi"], folder)
    ['pour_a b', 'pour_a b (2)']
    """
    ids: dict[str, None] = {}
    for path in paths:
        place = path.relative_to(folder) if path.is_relative_to(folder) else path
        parts = place.with_suffix("").parts
        stem = "_".join(p for p in parts if p not in ("/", "..")).replace("\\", "_")
        stem = comparable(stem)
        others = (f"{stem} ({number})" for number in range(2, len(paths) + 2))
        ids[next(id for id in (stem, *others) if id not in ids)] = None
    return list(ids)


def video_files(folder: Path) -> list[Path]:
    """List all files of a folder that may be videos, nested folders included, in order.

    Symbolic links are followed. Each folder is entered only once, so circular links
    do no harm. Names that are not text and cameras' copies are reported and left out.

    Raises:
        InputNotFoundError: If the folder does not exist or contains no file.
    """
    if not folder.is_dir():
        raise InputNotFoundError(
            f"{folder}: no such folder of videos; give the right one with --videos"
        )
    found = [
        Path(parent, name)
        for parent, names in _folders(folder)
        for name in sorted(names)
        if may_be_video(name)
    ]
    files = without_camera_copies(with_text_names(found))
    if not files:
        raise InputNotFoundError(
            f"{folder}: the folder contains no video file; give the right one with "
            "--videos"
        )
    return files


def with_text_names(files: Iterable[Path]) -> list[Path]:
    """Return the files whose names are text; report and leave out the others."""
    kept = []
    for file in files:
        try:
            str(file).encode()
            kept.append(file)
        except UnicodeEncodeError:
            say(f"left out: {str(file)!a}: its name is not UTF-8; rename it")
    return kept


def without_camera_copies(files: Sequence[Path]) -> list[Path]:
    """Return the files that are not cameras' own copies; report how many there are."""
    copies = [file for file in files if file.suffix.lower() in CAMERA_COPIES]
    if copies:
        more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
        say(
            f"left out: {copies[0]}{more}: a camera's small copy of a video; to use it "
            "as a video, rename it to .mp4"
        )
    return [file for file in files if file not in set(copies)]


def may_be_video(name: str) -> bool:
    """Check that a file's name does not mark it as something else than a video."""
    return not name.startswith(".") and Path(name).suffix.lower() not in NOT_VIDEOS


def _folders(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and its nested folders, with the names of their files."""
    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        entered.add(os.path.realpath(parent))
        folders[:] = [
            name
            for name in sorted(folders)
            if os.path.realpath(Path(parent, name)) not in entered
        ]
        yield parent, names


def _refuse(error: OSError) -> None:
    raise InputNotFoundError(
        f"{error.filename}: expected a folder of videos, found “{error.strerror}”; "
        "check its permissions"
    )
