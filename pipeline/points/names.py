"""The names of a dataset's videos in other files: ids, file names, paths or URLs."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from pipeline.datasets import Dataset
from pipeline.storage import comparable

EXTENSION = re.compile(r"\.(?=[^.]*[A-Za-z])[A-Za-z0-9]{2,5}$")
# Label Studio, and LabelU before 1.1, prepend it to the name of an uploaded file.
UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")


class VideoNames:
    """The names by which a dataset's videos are known."""

    def __init__(self, dataset: Dataset) -> None:
        self.ids = {video.id for video in dataset.videos}
        self.files: dict[str, str | None] = {}
        for video in dataset.videos:
            file = _plain(video.path.name)
            for name in {_plain(video.id), file, EXTENSION.sub("", file)}:
                # Files of the same name in different folders can be told by id only.
                taken = self.files.get(name, video.id) != video.id
                self.files[name] = None if taken else video.id

    def id_of(self, name: str) -> str | None:
        """Return the id of the video that a name means, or None.

        An exact id takes precedence over a file name, and that over a name without its
        folder, extension or upload prefix.
        """
        if name in self.ids:
            return name
        found = (self.files.get(_plain(text)) for text in _readings(name))
        return next((id for id in found if id), None)


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
