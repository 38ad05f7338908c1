"""Two families of errors: the user's, and a single video's.

A `SodaError` is something that the user can mend; its message says what was
expected, what was found, in which file, and what to try. A `VideoError` concerns
one video only: a batch records it in its ledger and goes on with the others.
"""

from extractors.errors import SodaError, WeightsError

__all__ = [
    "AnnotationError",
    "FailedVideosError",
    "InputNotFoundError",
    "MissingToolError",
    "MissingVideoError",
    "SodaError",
    "TruncatedVideoError",
    "UnreadableVideoError",
    "UsageError",
    "VideoError",
    "WeightsError",
]


class UsageError(SodaError, ValueError):
    """A parameter has a value that it cannot have."""

    exit_code = 2


class InputNotFoundError(SodaError, FileNotFoundError):
    """A file or folder that the user named does not exist."""

    exit_code = 3


class AnnotationError(SodaError, ValueError):
    """A manifest, annotation or detection file that cannot be used as it is."""

    exit_code = 4


class FailedVideosError(SodaError):
    """Some videos failed, more than `--max-failures` allows."""

    exit_code = 5


class MissingToolError(SodaError):
    """A program, a package or a codec is missing."""

    exit_code = 6


class VideoError(SodaError, ValueError):
    """One video cannot be used; the others go on."""

    exit_code = 5


class UnreadableVideoError(VideoError):
    """A file that holds no video that FFmpeg can read."""


class TruncatedVideoError(VideoError):
    """A file that ends before the end that it declares."""


class MissingVideoError(VideoError, FileNotFoundError):
    """A video that the dataset names and the folder does not hold."""
