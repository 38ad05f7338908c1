"""The two families of errors: those of the user, and those of a single video.

A `SodaError` is something that the user can fix. Its message says what was expected,
what was found, in which file, and what to try. A `VideoError` concerns one video only:
a batch records it in its ledger and continues with the others.
"""

from extractors.errors import DamagedFileError as DamagedFileError
from extractors.errors import SodaError
from extractors.errors import UsageError as UsageError
from extractors.errors import WeightsError as WeightsError
from extractors.errors import in_words as in_words


class InputNotFoundError(SodaError, FileNotFoundError):
    """A file or folder that the user named and that does not exist."""

    exit_code = 3


class AnnotationError(SodaError, ValueError):
    """A manifest, annotation file or detection file that is invalid."""

    exit_code = 4


class FailedVideosError(SodaError):
    """More failed videos than `--max-failures` allows."""

    exit_code = 5


class MissingToolError(SodaError):
    """A missing program, package or codec."""

    exit_code = 6


class VideoError(SodaError, ValueError):
    """A single video that cannot be used; the others continue."""

    exit_code = 5


class UnreadableVideoError(VideoError):
    """A file without a video that FFmpeg can read."""


class TruncatedVideoError(VideoError):
    """A video file that ends before its declared end."""


class MissingVideoError(VideoError, FileNotFoundError):
    """A video that the dataset names but that is not in its folder."""
