"""What the user can mend about the weights."""


class WeightsError(RuntimeError):
    """Weights that are not to be had, or a file that does not hold them."""

    exit_code = 7
