"""Flags that would have no effect, which are refused."""

from pipeline.errors import UsageError
from pipeline.run.config import Sections, flag_text
from pipeline.run.run import Origin


def check_changes(origin: Origin, changes: Sections, points_file: str = "") -> None:
    """Refuse flags that would have no effect.

    Args:
        origin: The origin of the features.
        changes: The flags by section of the configuration.
        points_file: The files of people's clicks; empty if clicks are not theirs.

    Raises:
        UsageError: A flag is about features of another origin, or about simulated
            clicks although people have clicked.
    """
    useless = {
        "videos": ("imported",),
        "imported": ("decode", "flow", "features"),
        "simulation": ("decode", "flow", "features", "imported"),
    }
    made = {
        "videos": "which are made from the videos here; --features-dir takes others",
        "imported": "which another system has made",
        "simulation": "which are simulated, without any video",
    }
    flags = [
        flag_text(section, name)
        for section in useless[origin]
        for name in changes.get(section, ())
        if not (origin == "imported" and name == "streams")
    ]
    if flags:
        raise UsageError(
            f"{', '.join(flags)}: changes nothing of the features, {made[origin]}; "
            "leave it out"
        )
    flags = [
        flag_text("points", name)
        for name in changes.get("points", ())
        if name not in ("kinds", "seed")
    ]
    if points_file and flags:
        raise UsageError(
            f"{', '.join(flags)}: changes nothing of people's clicks, those of "
            f"--points-file {points_file}; leave it out"
        )
