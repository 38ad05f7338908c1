"""The names of videos in different files: ids, file names, paths or URLs."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar
from urllib.parse import unquote

from pipeline.datasets.dataset import Dataset
from pipeline.errors import AnnotationError
from pipeline.storage import comparable

T = TypeVar("T")

# Not any suffix: an id may have a dot, too.
EXTENSION = re.compile(
    r"\.(mp4|mov|avi|mkv|webm|m4v|mpe?g|wmv|flv|m?ts|m2ts|3gp|og[gv]|mxf|vob|asf|gif)$",
    re.IGNORECASE,
)
# Label Studio, and LabelU before 1.1, prepend it to the name of an uploaded file.
UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
YOUTUBE_PREFIX = "v_"  # of ActivityNet's own tools


class VideoNames:
    """The names by which some videos are known."""

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        """Take the ids of the videos, each with its other names."""
        self.names = names

    @classmethod
    def of(cls, dataset: Dataset) -> "VideoNames":
        """Return the names of a dataset's videos: their ids and their files' names."""
        return cls({v.id: (v.path.name, v.path.stem) for v in dataset.videos})

    def id_of(self, name: str) -> str | None:
        """Return the id of the video that a name means, or None.

        An exact id takes precedence over the name of a file, and that over a name
        without its folder, extension or upload prefix. Last, the prefix `v_` and the
        extension may be missing on either side. Unicode forms are the same.
        """
        if name in self.names:
            return name
        readings = list(_readings(name))
        found = (ids.get(f(text)) for f, ids in self._forms for text in readings)
        return next(filter(None, found), None)

    def renamed(self, found: Mapping[str, T]) -> dict[str, T]:
        """Return values by name as values by id, keeping names that mean no video.

        A name is also kept if the id that it means is itself among the names.

        Raises:
            AnnotationError: If two other names mean the same video.
        """
        renamed: dict[str, T] = {}
        names: dict[str, str] = {}
        for name, value in found.items():
            meant = self.id_of(name)
            id = name if meant is None or meant in found else meant
            if id in renamed:
                raise AnnotationError(
                    f"expected one entry for each video, found {names[id]!r} and "
                    f"{name!r}, which both mean {id!r}; remove or rename one"
                )
            renamed[id], names[id] = value, name
        return renamed

    @cached_property
    def _forms(self) -> list[tuple[Callable[[str], str], dict[str, str | None]]]:
        """Two forms of names, with the videos by that form of their names.

        A form that several videos share, as `1/clip.mp4` and `2/clip.mp4` do, has None.
        """
        forms: list[tuple[Callable[[str], str], dict[str, str | None]]]
        forms = [(_plain, {"": None}), (_bare, {"": None})]
        for id, others in self.names.items():
            for name in (id, *others):
                for form, ids in forms:
                    ids[form(name)] = id if ids.get(form(name), id) == id else None
        return forms


def _readings(name: str) -> Iterator[str]:
    # Label Studio's local files are served as `/data/local-files/?d=folder/name`.
    parts = (name, name.split("?")[0], name.split("?d=")[-1])
    for text in (name, *map(unquote, parts)):
        base = re.split(r"[/\\]", text.strip())[-1]
        for stem in (base, UPLOAD_PREFIX.sub("", base)):
            yield from (stem, EXTENSION.sub("", stem))


def _plain(name: str) -> str:
    """Normalise a name's Unicode form and the space around it."""
    return comparable(name).strip()


def _bare(name: str) -> str:
    """Return a plain name without extension and prefix."""
    return EXTENSION.sub("", _plain(name)).removeprefix(YOUTUBE_PREFIX).strip()
