"""The one command that makes a model again."""

import shlex
from collections.abc import Iterator
from dataclasses import fields

from pipeline.run.config import Config, flag_text
from pipeline.run.run import Run

TRAINED = ("points", "train", "refine", "ensemble", "detect", "evaluate")
SOFT = ("kinds", "seed")  # what of the clicks' rule concerns people's clicks, too


def command_of(run: Run) -> str:
    """The command that trains, detects and evaluates as a run does.

    All that decides the result stands in it, where it differs from the defaults.
    """
    words = ["luigi", "--module", "tasks", "Evaluate", "--dataset", run.dataset_name]
    return shlex.join([*words, "--preset", "soda", *_places(run), *_parameters(run)])


def _places(run: Run) -> Iterator[str]:
    places = {
        "--timeline": run.timeline,
        "--features-dir": run.features_folder,
        "--points-file": run.points_source,
        "--points-fps": run.points_fps,
        **{f"--{part}-weights": path for part, path in run.weight_files.items()},
    }
    for flag, value in places.items():
        if value:
            yield from (flag, str(value))
    if run.dataset_name == "thumos14" and run.thumos14_list != "210":
        yield from ("--thumos14-list", run.thumos14_list)


def _parameters(run: Run) -> Iterator[str]:
    made = [*run.sources, "features"] if run.origin == "videos" else [run.origin]
    for section in (*made, *TRAINED):
        chosen, default = getattr(run.config, section), getattr(Config(), section)
        for field in fields(chosen):
            value = getattr(chosen, field.name)
            if section == "points" and run.points_source and field.name not in SOFT:
                continue
            if value != getattr(default, field.name):
                text = ",".join(map(str, value)) if isinstance(value, tuple) else value
                yield from (flag_text(section, field.name), str(text))
    if run.origin == "imported" and run.config.features.streams != "both":
        yield from ("--streams", run.config.features.streams)
