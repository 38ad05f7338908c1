"""The machine, and how much of it this process may use."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import torch

from pipeline.doctor.finding import Finding
from pipeline.errors import SodaError
from pipeline.fanout import default_jobs
from pipeline.progress import bytes_text
from pipeline.storage import existing_folder

CGROUP = Path("/sys/fs/cgroup")  # where containers and Slurm write their limits
LITTLE_MEMORY_BYTES = 4e9
LITTLE_DISK_BYTES = 10e9


def device() -> Finding:
    """Examine the device on which networks run."""
    if torch.cuda.is_available():
        every = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
        names = [f"{gpu.name} ({bytes_text(gpu.total_memory)})" for gpu in every]
        return Finding("device", "ok", f"CUDA {torch.version.cuda}: {', '.join(names)}")
    if shutil.which("nvidia-smi") or Path("/dev/nvidia0").exists():
        built = torch.version.cuda or "no CUDA"
        found = f"there is a GPU, but PyTorch, built for {built}, does not see it"
        advice = "install PyTorch for the CUDA version that nvidia-smi shows"
        return Finding("device", "warning", found, advice)
    return Finding("device", "ok", "CPU")


def processors(cgroup: Path = CGROUP) -> Finding:
    """Examine how many processors there are, and how many a container grants."""
    count, granted = default_jobs(), _granted_processors(cgroup)
    if granted is None or granted >= count:
        return Finding("processors", "ok", str(count))
    found = f"{count}, but a limit grants {granted:g} of them"
    advice = f"use --jobs {max(1, int(granted))}, or raise the limit"
    return Finding("processors", "warning", found, advice)


def _granted_processors(cgroup: Path) -> float | None:
    """Return the number of processors that a limit grants; None without a limit."""
    with suppress(OSError, ValueError):
        quota, period = (cgroup / "cpu.max").read_text().split()
        return int(quota) / int(period)
    return None


def memory(cgroup: Path = CGROUP) -> Finding:
    """Examine how much memory there is, or how much a container grants."""
    size = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):
        size = min(size, int((cgroup / "memory.max").read_text()))
    if size >= LITTLE_MEMORY_BYTES:
        return Finding("memory", "ok", bytes_text(size))
    advice = "use --jobs 1, and --streams rgb if memory still runs out"
    return Finding("memory", "warning", bytes_text(size), advice)


def disk(topic: str, folder: Path, instead: str) -> Finding:
    """Examine whether a folder, or its closest parent, is writable and has space."""
    place = existing_folder(folder)
    free = shutil.disk_usage(place).free
    found = f"{folder.absolute()}: {bytes_text(free)} free"
    if not _can_write(place):
        advice = f"change the permissions of {place}, or {instead}"
        found = f"{folder.absolute()}: not writable"
        return Finding(topic, "problem", found, advice, SodaError.exit_code)
    if free < LITTLE_DISK_BYTES:
        advice = f"free some space, or {instead}; --cache features needs little"
        return Finding(topic, "warning", found, advice)
    return Finding(topic, "ok", found)


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
