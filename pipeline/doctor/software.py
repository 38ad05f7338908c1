"""Examinations of packages, their codecs and kernels, and Slurm."""

import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from importlib.util import find_spec
from typing import Literal

from av.codec import Codec
from av.codec.codec import UnknownCodecError

from pipeline.doctor.finding import Finding
from pipeline.errors import MissingToolError
from pipeline.model_folder.versions import PACKAGES, PROJECT
from pipeline.video.lossless import GRAY, RGB

INSTALL = "reinstall the project: pip install --editable ."
SLURM_COMMANDS = ("sbatch", "squeue", "scancel", "scontrol")
# The use of each codec; the project needs the encoders.
WRITTEN = {RGB.name: "cached frames", GRAY.name: "cached flow"}
READ = {
    "h264": "most videos",
    "hevc": "videos from phones",
    "av1": "videos from the web",
}


def python() -> Finding:
    """Examine the interpreter and the version of the project."""
    found = f"{platform.python_version()}, {PROJECT} {version(PROJECT)}"
    return Finding("python", "ok", f"{found}, {platform.platform()}")


def packages() -> Finding:
    """Examine whether all packages that the project requires are installed."""
    declared = (requires(PROJECT) or []) if version(PROJECT) else []
    names = [
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        for requirement in declared
        if "extra ==" not in requirement
    ]
    missing = [name for name in names if not _is_there(name)]
    if missing:
        found = f"missing: {', '.join(missing)}"
        return _missing("packages", found, INSTALL)
    return Finding(
        "packages", "ok", ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    )


def _is_there(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def opencv() -> Finding:
    """Examine whether exactly one build of OpenCV is installed.

    Two builds overwrite each other's files.
    """
    found = sorted(
        f"{d.name} {d.version}"
        for d in distributions()
        if (d.name or "").lower().startswith("opencv-")
    )
    if len(found) == 1:
        return Finding("opencv", "ok", found[0])
    return _missing(
        "opencv",
        ", ".join(found) or "none",
        "remove all with pip uninstall, then install opencv-contrib-python-headless",
    )


def kernels() -> Finding:
    """Examine whether the installation compiled the loops of TV-L1."""
    if find_spec("extractors.flow.tvl1._kernels"):
        return Finding("TV-L1", "ok", "compiled")
    return Finding(
        "TV-L1",
        "warning",
        "not compiled; Numba runs it, half as fast, and compiles at first use",
        f"install a C compiler, then {INSTALL}",
    )


def codecs() -> Iterator[Finding]:
    """Examine whether PyAV's FFmpeg can write the caches and read common videos."""
    advice = (
        "install PyAV's wheel: pip install --force-reinstall --only-binary :all: av"
    )
    for name, use in WRITTEN.items():
        if _has_codec(name, "w"):
            yield Finding(f"{name} encoder", "ok", f"for {use}")
        else:
            yield _missing(f"{name} encoder", f"missing, for {use}", advice)
    for name, use in READ.items():
        if _has_codec(name, "r"):
            yield Finding(f"{name} decoder", "ok", f"for {use}")
        else:
            yield Finding(f"{name} decoder", "warning", f"missing, for {use}", advice)


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True


def slurm() -> Finding:
    """Examine whether work can be sent to a Slurm cluster, which is optional."""
    there = [name for name in SLURM_COMMANDS if shutil.which(name)]
    if len(there) == len(SLURM_COMMANDS):
        return Finding("Slurm", "ok", "found, for --cluster slurm")
    if not there:
        return Finding("Slurm", "ok", "not found; only --cluster slurm needs it")
    missing = ", ".join(name for name in SLURM_COMMANDS if name not in there)
    return Finding(
        "Slurm", "warning", f"missing: {missing}", "install all commands of Slurm"
    )


def _missing(topic: str, found: str, advice: str) -> Finding:
    return Finding(topic, "problem", found, advice, MissingToolError.exit_code)
