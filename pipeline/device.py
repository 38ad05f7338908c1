"""The device that networks run on."""

from pipeline.errors import UsageError


def choose_device(name: str) -> str:
    """Return the name of a device that exists; `auto` takes a GPU if there is one.

    Raises:
        UsageError: This machine has no such device.
    """
    if name == "cpu":
        return name
    import torch  # takes seconds to import, which --device cpu does not wait for

    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if has_gpu else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device {name}: {error}") from error
    if device.type == "cuda" and not has_gpu:
        raise UsageError(
            f"--device {name}: PyTorch sees no CUDA device here; use --device cpu, or "
            "auto"
        )
    return str(device)
