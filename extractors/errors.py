"""The base of all errors that the user can fix, and those that the lowest layer raises.

The base is here, so that one `except SodaError` catches the errors of every layer. The
other families are in `pipeline.errors`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# How Python says that a text is not a number.
NO_NUMBER = re.compile(r"(?:string to float|invalid literal for int\(\).*?): (.+)")


class SodaError(Exception):
    """Something that the user can fix. Subclasses carry the exit code."""

    exit_code = 1


class UsageError(SodaError, ValueError):
    """A parameter with an invalid value."""

    exit_code = 2


class DamagedFileError(SodaError, ValueError):
    """A file of ours that is not as it was written; a run makes it again."""

    def __init__(self, path: Path, damage: str) -> None:
        self.path, self.damage = path, damage
        super().__init__(
            f"{path}: {damage}; delete the file and run the same command again to "
            "recreate it"
        )


class WeightsError(SodaError, RuntimeError):
    """Weights that are not available, or a file that does not contain them."""

    exit_code = 7


# Errors that say nothing of a file's content; the last is of threads without memory.
NOT_OF_THE_FILE = (
    *(SodaError, MemoryError, FileNotFoundError, PermissionError),
    BlockingIOError,
)


@contextmanager
def reading(named: Callable[[str], SodaError]) -> Iterator[None]:
    """Turn whatever a reader raises for a damaged file into one error that names it.

    Readers of NumPy, HDF5, safetensors, zip, pickle, CSV and JSON raise some twenty
    classes of exceptions between them for bytes that they did not expect, and new
    ones with each version.

    Raises:
        SodaError: The block failed; `named` makes it from the reason.
    """
    try:
        yield
    except NOT_OF_THE_FILE:
        raise
    except Exception as error:
        why = in_words(error) if isinstance(error, KeyError) else str(error).strip()
        raise named(why or type(error).__name__) from error


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
