"""Readers of the lossless files, which return exactly what was written."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter

from pipeline.errors import DamagedFileError, MissingVideoError
from pipeline.storage import check_whole, parsing
from pipeline.video.lossless import GRAY, RGB, TAG, Codec, FlowField, Picture
from pipeline.video.source import check_memory

# Not typing.Self, which the shape checks of the tests cannot resolve in methods.
Cached = TypeVar("Cached", bound="CachedVideo")


class CachedVideo:
    """An iterable over the frames of a lossless file, for any number of passes.

    As a context manager, it ends the unfinished passes and closes their files on exit.

    Raises:
        MissingVideoError: There is no such file.
        DamagedFileError: This program did not write the file, or it is damaged (also
            raised in iteration, before which the file is compared with its proof).
    """

    codec: Codec

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading: WeakSet[Generator[Picture]] = WeakSet()
        with _open(path) as container:
            self.header = _read_header(path, container)
        self.num_frames: int = self.header["num_frames"]
        self.fps: float = self.header["fps"]

    def __enter__(self: Cached) -> Cached:
        return self

    def __exit__(self, *_: Any) -> None:
        for pictures in list(self._reading):
            pictures.close()

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[Picture]:
        pictures = self._pictures()
        self._reading.add(pictures)
        return pictures

    def _pictures(self) -> Generator[Picture]:
        check_whole(self.path)
        num_read = 0
        reformatter = VideoReformatter()  # a new one for each frame is slow
        with _open(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                num_read += 1
                picture = reformatter.reformat(frame, format=self.codec.pixel_format)
                yield picture.to_ndarray()
        if num_read != self.num_frames:
            raise DamagedFileError(
                self.path, f"expected {self.num_frames} frames, found {num_read}"
            )


class CachedFrames(CachedVideo):
    """An iterable over cached RGB frames, uint8 (height, width, 3).

    The frames equal those of `SampledFrames`. The attributes come from the header of
    the file, without decoding.
    """

    codec = RGB

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.start_seconds: float = self.header["start_seconds"]
        self.source: dict[str, Any] = self.header["source"]


class CachedFlow(CachedVideo):
    """An iterable over cached flow fields, uint8 (height, width, 2)."""

    codec = GRAY

    def _pictures(self) -> Generator[FlowField]:
        for picture in super()._pictures():
            yield np.stack(np.split(picture, 2), axis=-1)


@contextmanager
def _open(path: Path) -> Iterator[InputContainer]:
    if not path.exists():
        raise MissingVideoError(
            f"{path}: expected a cached video, found no such file; run the stage "
            f"that writes it again"
        )
    try:
        with (
            av.open(f"file:{path}", "r", metadata_errors="replace") as container,
            parsing(path, "a video"),
        ):
            yield container
    except av.FFmpegError as error:
        check_memory(error)
        raise _not_ours(path, f"FFmpeg stopped at “{error.strerror}”") from error


def _read_header(path: Path, container: InputContainer) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(container.metadata[TAG])
    except (KeyError, ValueError) as error:
        raise _not_ours(path, f"its {TAG} tag is missing or damaged") from error
    if not header:
        raise _not_ours(path, "its writing was not finished")
    return header


def _not_ours(path: Path, found: str) -> DamagedFileError:
    return DamagedFileError(
        path, f"expected a video that this program cached, but {found}"
    )
