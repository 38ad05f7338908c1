"""Parameters that would change nothing, and are refused for it."""

from pipeline.errors import UsageError
from pipeline.run.config import Sections, flag_text
from pipeline.run.run import Origin


def check_changes(origin: Origin, changes: Sections, points_source: str = "") -> None:
    """Refuse parameters that would change nothing.

    Raises:
        UsageError: Features are not made of videos here, and some concern how they
            are; or they are, and some concern those of others; or people have
            clicked, and some concern simulated clicks.
    """
    useless = {
        "videos": ("imported",),
        "imported": ("decode", "flow", "features"),
        "simulation": ("decode", "flow", "features", "imported"),
    }
    made = {
        "videos": "which are made of the videos here; --features-dir takes others",
        "imported": "which somebody else has made",
        "simulation": "which are simulated and made of no video",
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
    if points_source and flags:
        raise UsageError(
            f"{', '.join(flags)}: changes nothing of people's clicks, those of "
            f"--points-file {points_source}; leave it out"
        )
