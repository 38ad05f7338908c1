"""The base of all errors that the user can fix, and the error about weights.

The base is here, in the lowest layer, so that one `except SodaError` catches the
errors of every layer. The other families are in `pipeline.errors`.
"""


class SodaError(Exception):
    """Something that the user can fix. Subclasses carry the exit code."""

    exit_code = 1


class WeightsError(SodaError, RuntimeError):
    """Weights that are not available, or a file that does not contain them."""

    exit_code = 7
