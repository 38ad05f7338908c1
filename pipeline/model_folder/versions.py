"""What made a result: versions of packages, and of this project's code."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

PROJECT = "soda-localizer"
PACKAGES = ("torch", "torchvision", "pytorchvideo", "av", "numpy", "luigi")
ROOT = Path(__file__).parents[2]


def versions() -> dict[str, str]:
    """By name, as a model keeps them."""
    names = (PROJECT, *PACKAGES, "opencv-contrib-python-headless")
    found = {"python": platform.python_version(), **{n: version(n) for n in names}}
    return found | ({"commit": state} if (state := commit()) else {})


def commit() -> str | None:
    """The commit of a checkout, with `-dirty` if files differ; None in other places."""
    if not (ROOT / ".git").exists():  # that of a folder above would be another's
        return None
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() or None
