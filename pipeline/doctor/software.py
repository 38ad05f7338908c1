"""The packages, what they can do, and the programs that may be of use."""

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

INSTALL = "install the project anew: pip install --editable ."
SLURM_COMMANDS = ("sbatch", "squeue", "scancel", "scontrol")
# What each codec is for; without those that write nothing works.
WRITTEN = {RGB.name: "cached frames", GRAY.name: "cached flow"}
READ = {"h264": "most videos", "hevc": "phones' videos", "av1": "videos of the web"}


def python() -> Finding:
    """The interpreter, and the project in it."""
    found = f"{platform.python_version()}, {PROJECT} {version(PROJECT)}"
    return Finding("python", "ok", f"{found}, {platform.platform()}")


def packages() -> Finding:
    """Whether what the project declares is there, and in which versions."""
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
    """Whether one build of OpenCV is there alone: two overwrite each other's files."""
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
    """Whether the loops of TV-L1 were compiled when the project was installed."""
    if find_spec("extractors.flow.tvl1._kernels"):
        return Finding("TV-L1", "ok", "compiled")
    return Finding(
        "TV-L1",
        "warning",
        "Numba's, half as fast, and compiled when first used",
        f"get a C compiler, then {INSTALL}",
    )


def codecs() -> Iterator[Finding]:
    """Whether FFmpeg, in PyAV's wheel, writes the caches and reads usual videos."""
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
    """Whether work can be sent to a cluster, which nobody has to."""
    there = [name for name in SLURM_COMMANDS if shutil.which(name)]
    if len(there) == len(SLURM_COMMANDS):
        return Finding("Slurm", "ok", "there, for --cluster slurm")
    if not there:
        return Finding("Slurm", "ok", "not there; --cluster slurm alone needs it")
    missing = ", ".join(name for name in SLURM_COMMANDS if name not in there)
    return Finding(
        "Slurm", "warning", f"without {missing}", "install all of Slurm's commands"
    )


def _missing(topic: str, found: str, advice: str) -> Finding:
    return Finding(topic, "problem", found, advice, MissingToolError.exit_code)
