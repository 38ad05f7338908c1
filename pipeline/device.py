"""Where networks run."""

from dataclasses import replace

import torch

from pipeline.errors import UsageError
from pipeline.fanout import Resources


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


def network_resources(resources: Resources, device: torch.device) -> Resources:
    """Resources of work that runs networks on this machine: a worker for each GPU."""
    if device.type != "cuda":
        return resources
    count = torch.cuda.device_count()
    return replace(resources, jobs=count, gpus=count)
