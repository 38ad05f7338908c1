"""Flags that would have no effect, which are refused."""

from pipeline.errors import UsageError
from pipeline.run.config import Sections, flag_text
from pipeline.run.run import Origin, Run

# By the origin of the features: the sections of no effect, and why they have none.
USELESS: dict[Origin, tuple[tuple[str, ...], str]] = {
    "videos": (
        ("imported",),
        "which are made from the videos here; --features-dir takes others",
    ),
    "imported": (("decode", "flow", "features"), "which another system has made"),
    "simulation": (
        ("decode", "flow", "features", "imported"),
        "which are simulated, without any video",
    ),
}
CLICKS_TOO = ("kinds", "seed")  # fields of `points` that apply to people's clicks, too


def check_changes(run: Run, changes: Sections) -> None:
    """Refuse changes of the configuration that would have no effect in a run.

    Raises:
        UsageError: A flag is about features of another origin, or about simulated
            clicks although people have clicked.
    """
    sections, why = USELESS[run.origin]
    flags = [
        flag_text(section, name)
        for section in sections
        for name in changes.get(section, ())
        if not (run.origin == "imported" and name == "streams")
    ]
    if flags:
        raise UsageError(
            f"{', '.join(flags)}: changes nothing of the features, {why}; leave it out"
        )
    of_rule = [name for name in changes.get("points", ()) if name not in CLICKS_TOO]
    if of_rule and run.human_clicks:
        flags = [flag_text("points", name) for name in of_rule]
        raise UsageError(
            f"{', '.join(flags)}: changes nothing of people's clicks, those of "
            f"{', '.join(run.human_clicks.files)}; leave it out"
        )
