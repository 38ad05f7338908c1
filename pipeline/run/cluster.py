"""Requests to a cluster: the flags, over the file `soda.toml`."""

import tomllib
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.fanout import SlurmConfig
from pipeline.run.config import flag_of, flag_text
from pipeline.run.options import RunOptions
from pipeline.run.parsing import EXPECTED, unknown

FILE = Path("soda.toml")
COMMON = "slurm"  # the section of the file that holds for every stage
DEFAULTS = asdict(SlurmConfig())


def read_cluster(
    options: RunOptions, sections: Collection[str], file: Path = FILE
) -> dict[str, SlurmConfig] | None:
    """Return what each section asks of Slurm; None if all is done on this machine.

    The sections are `COMMON` and the stages' own. Flags that are neither empty nor None
    win over the file.

    Raises:
        UsageError: A key or a value is invalid, or flags have no effect.
    """
    flags = {name: getattr(options, flag_of(COMMON, name), None) for name in DEFAULTS}
    given = {name: value for name, value in flags.items() if value not in ("", None)}
    if options.cluster == "slurm":
        for name, value in given.items():
            check_value(name, value, flag_text(COMMON, name))
        content = read_sections(file, sections)
        common = content.get(COMMON, {})
        return {
            section: SlurmConfig(**{**common, **content.get(section, {}), **given})
            for section in (COMMON, *sections)
        }
    if given:
        texts = ", ".join(flag_text(COMMON, name) for name in given)
        raise UsageError(
            f"{texts}: requests something from a cluster, but the work is done on "
            "this machine; add --cluster slurm, or leave it out"
        )
    return None


def read_sections(file: Path, sections: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the sections of `soda.toml`, checked; none if there is no file.

    Raises:
        UsageError: The file is not TOML, or a section or key does not exist, or a
            value has the wrong type.
    """
    if not file.exists():
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: expected TOML: {error}") from error
    known = (COMMON, *sections)
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
    """Refuse an invalid value of a key.

    Raises:
        UsageError: The message begins with the place of the value.
    """
    kind = type(DEFAULTS[key])
    if type(value) is not kind and (kind, type(value)) != (float, int):
        expected = EXPECTED.get(kind, "text in quotes")
        raise UsageError(f"{place}: expected {expected}, found {value}")
    try:
        SlurmConfig(**{key: value})
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from error
