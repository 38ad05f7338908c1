"""Where networks run."""

import torch

from pipeline.errors import UsageError


def choose_device(name: str) -> torch.device:
    """The device of a name; `auto` takes a GPU where there is one.

    Raises:
        UsageError: The device does not exist here.
    """
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if has_gpu else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device {name}: {error}") from error
    if device.type == "cuda" and not has_gpu:
        raise UsageError(
            f"--device {name}: PyTorch sees no CUDA device here; use --device cpu, or "
            "auto"
        )
    return device
