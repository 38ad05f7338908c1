"""The description of the machine, without which measurements mean little."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

PACKAGES = ("torch", "opencv-contrib-python-headless", "av", "numba", "numpy")


def describe_machine() -> str:
    """Return the processor, GPU and package versions, in two lines."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} processors, {gpu}\n"
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    """Return the processor's name and the vector instructions that affect speed."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = dict(
        (part.strip() for part in line.split(":", 1))
        for line in info.read_text().splitlines()
        if ":" in line
    )
    flags = set(lines.get("flags", "").split())
    known = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    return f"{lines.get('model name', platform.machine())} ({', '.join(known)})"
