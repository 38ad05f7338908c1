"""The devices on which networks run."""

from dataclasses import replace

import torch

from pipeline.errors import UsageError
from pipeline.fanout import Resources


def choose_device(name: str) -> torch.device:
    """Return the device of a name; `auto` takes a GPU if there is one.

    Raises:
        UsageError: This machine has no such device.
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
    """Return the resources for networks on this machine: one worker for each GPU."""
    if device.type != "cuda":
        return resources
    count = torch.cuda.device_count()
    return replace(resources, jobs=count, gpus=count)
