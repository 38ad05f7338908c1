"""Examinations of packages, their codecs and kernels, weights, and Slurm."""

import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from importlib.util import find_spec
from typing import Literal

from av.codec import Codec
from av.codec.codec import UnknownCodecError

from extractors.weights import Stream, cached_weights
from pipeline.doctor.finding import Finding
from pipeline.errors import MissingToolError, WeightsError
from pipeline.model_folder.versions import PACKAGES, PROJECT
from pipeline.video.lossless import GRAY, RGB

INSTALL = "reinstall the project: pip install --editable ."
GET = "soda download thumos14 --what weights"
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
    declared = [text for text in requires(PROJECT) or () if "extra ==" not in text]
    names = [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in declared]
    if missing := [name for name in names if not _is_there(name)]:
        return _missing("packages", f"missing: {', '.join(missing)}", INSTALL)
    installed = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return Finding("packages", "ok", installed)


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
    advice = (
        "remove all with pip uninstall, then install opencv-contrib-python-headless"
    )
    return _missing("opencv", ", ".join(found) or "none", advice)


def kernels() -> Finding:
    """Examine whether the installation compiled the loops of TV-L1."""
    if find_spec("extractors.flow.tvl1._kernels"):
        return Finding("TV-L1", "ok", "compiled")
    found = "not compiled; Numba runs it, half as fast, and compiles at first use"
    return Finding("TV-L1", "warning", found, f"install a C compiler, then {INSTALL}")


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


def weights(stream: Stream) -> Finding:
    """Examine a network's cached weights: I3D features need only RGB's."""
    topic = "RGB weights" if stream == "rgb" else "flow weights"
    code = WeightsError.exit_code
    try:
        found = cached_weights(stream)
    except WeightsError as error:
        return Finding(topic, "problem", str(error), "delete the file", code)
    if found:
        text = f"{found.path}, {found.origin}, sha256 {found.sha256[:12]}"
        return Finding(topic, "ok", text)
    if stream == "rgb":
        advice = f"a run fetches them when it needs them; to fetch them now: {GET}"
        return Finding(topic, "problem", "not found", advice, code)
    text = "not found; hof features, which need no network, are used instead"
    advice = f"{GET} tries to fetch them; --flow-weights takes a file"
    return Finding(topic, "warning", text, advice)


def slurm() -> Finding:
    """Examine whether work can be sent to a Slurm cluster, which is optional."""
    there = [name for name in SLURM_COMMANDS if shutil.which(name)]
    if len(there) == len(SLURM_COMMANDS):
        return Finding("Slurm", "ok", "found, for --cluster slurm")
    if not there:
        return Finding("Slurm", "ok", "not found; only --cluster slurm needs it")
    found = f"missing: {', '.join(n for n in SLURM_COMMANDS if n not in there)}"
    return Finding("Slurm", "warning", found, "install all commands of Slurm")


def _missing(topic: str, found: str, advice: str) -> Finding:
    return Finding(topic, "problem", found, advice, MissingToolError.exit_code)
