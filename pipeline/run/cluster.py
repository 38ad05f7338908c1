"""What is asked of a cluster: the flags, over the file `soda.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import UsageError
from pipeline.fanout import SlurmConfig
from pipeline.run.config import flag_text, unknown

Cluster = Literal["local", "slurm"]

FILE = Path("soda.toml")
# The stages that may go to a cluster, and the section that is each one's own.
SECTIONS = {
    "decode": "decode",
    "flow": "flow",
    "features": "features",
    "train": "train",
    "refine": "train",
    "experiment": "train",
    "detect": "detect",
    "evaluate": "slurm",
}
DEFAULTS = asdict(SlurmConfig())


def read_cluster(
    cluster: Cluster, flags: Mapping[str, Any], file: Path = FILE
) -> dict[str, SlurmConfig] | None:
    """What each stage asks of Slurm; None where all is done on this machine.

    Args:
        flags: Fields of `SlurmConfig`; empty text and None leave them to the file.

    Raises:
        UsageError: A key or a value that cannot be, or flags that change nothing.
    """
    given = {name: value for name, value in flags.items() if value not in ("", None)}
    if cluster == "slurm":
        for name, value in given.items():
            check_value(name, value, flag_text("slurm", name))
        sections = read_sections(file)
        common = sections.get("slurm", {})
        return {
            stage: SlurmConfig(**{**common, **sections.get(section, {}), **given})
            for stage, section in SECTIONS.items()
        }
    if given:
        texts = ", ".join(flag_text("slurm", name) for name in given)
        raise UsageError(
            f"{texts}: asks something of a cluster, but the work is done on "
            "this machine; add --cluster slurm, or leave it out"
        )
    return None


def read_sections(file: Path) -> dict[str, dict[str, Any]]:
    """The sections of `soda.toml`, checked; none where there is no file.

    Raises:
        UsageError: It is no TOML, or a section or key does not exist, or a value is
            of the wrong type.
    """
    if not file.exists():
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected TOML: {error}") from error
    known = dict.fromkeys(["slurm", *SECTIONS.values()])
    for section, values in content.items():
        if section not in known or not isinstance(values, dict):
            raise UsageError(f"{file}: {unknown('section', section, known)}")
        for key, value in values.items():
            if key not in DEFAULTS:
                place = f"{file}: [{section}]"
                raise UsageError(f"{place} {unknown('key', key, DEFAULTS)}")
            check_value(key, value, f"{file}: [{section}] {key}")
    return content


def check_value(key: str, value: Any, place: str) -> None:
    """Refuse a value that a key cannot have.

    Raises:
        UsageError: It begins with the place where the value stands.
    """
    kinds = {str: "text in quotes", int: "a whole number", float: "a number"}
    kind = type(DEFAULTS[key])
    if type(value) is not kind and (kind, type(value)) != (float, int):
        raise UsageError(f"{place}: expected {kinds[kind]}, found {value}")
    try:
        SlurmConfig(**{key: value})
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from error
