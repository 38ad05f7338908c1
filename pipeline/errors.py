"""The two families of errors: those of the user, and those of a single video.

A `SodaError` is something that the user can fix. Its message says what was expected,
what was found, in which file, and what to try. A `VideoError` concerns one video only:
a batch records it in its ledger and continues with the others.
"""

import re

from extractors.errors import SodaError
from extractors.errors import WeightsError as WeightsError

# How Python says that a text is not a number.
NO_NUMBER = re.compile(r"(?:string to float|invalid literal for int\(\).*?): (.+)")


class UsageError(SodaError, ValueError):
    """A parameter with an invalid value."""

    exit_code = 2


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


def in_words(error: Exception) -> str:
    """Return in plain English why content has another form than its reader expects.

    >>> in_words(KeyError("results")), in_words(TypeError("'int' is not iterable"))
    ("no 'results'", 'values of another form')
    >>> in_words(ValueError("could not convert string to float: 'x'"))
    "'x' in place of a number"
    """
    if isinstance(error, KeyError):
        return f"no {error.args[0]!r}"
    if isinstance(error, TypeError | AttributeError | IndexError):
        return "values of another form"
    found = NO_NUMBER.search(str(error))
    return f"{found[1]} in place of a number" if found else str(error)
