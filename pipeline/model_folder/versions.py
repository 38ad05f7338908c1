"""Versions of the packages, and of this project's code, that made a result."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PROJECT = "soda-localizer"
PACKAGES = ("torch", "torchvision", "pytorchvideo", "av", "numpy", "luigi")
ROOT = Path(__file__).parents[2]


def versions() -> dict[str, str]:
    """Return the versions by name, as a model folder records them."""
    names = (PROJECT, *PACKAGES, "opencv-contrib-python-headless")
    found = {"python": platform.python_version(), **{n: version(n) for n in names}}
    return found | ({"commit": state} if (state := commit()) else {})


def commit() -> str | None:
    """Return the checkout's commit, with `-dirty` if files differ; None without one."""
    if not (ROOT / ".git").exists():  # a parent folder's checkout is another project
        return None
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() or None
