"""The one command that recreates a model."""

import shlex
from collections.abc import Iterator
from dataclasses import fields

from pipeline.run.config import Config, flag_text
from pipeline.run.options import RunOptions
from pipeline.run.run import Run

AFTER_FEATURES = ("points", "train", "refine", "ensemble", "detect", "evaluate")
SOFT = ("kinds", "seed")  # fields of `points` that apply to people's clicks, too


def command_of(run: Run) -> str:
    """Return the command that trains, detects and evaluates as a run does.

    It names everything that decides the result and differs from the defaults.
    """
    words = ["luigi", "--module", "tasks", "Evaluate", "--dataset", run.options.dataset]
    return shlex.join([*words, "--preset", "soda", *_places(run), *_parameters(run)])


def _places(run: Run) -> Iterator[str]:
    places = {
        "--timeline": run.options.timeline,
        "--features-dir": run.options.features_dir,
        "--points-file": run.options.points_file,
        "--points-fps": run.options.points_fps,
        **{f"--{part}-weights": path for part, path in run.weight_files.items()},
    }
    for flag, value in places.items():
        if value:
            yield from (flag, str(value))
    chosen = run.options.thumos14_list
    if run.options.dataset == "thumos14" and chosen != RunOptions.thumos14_list:
        yield from ("--thumos14-list", chosen)


def _parameters(run: Run) -> Iterator[str]:
    flow = ["flow"] if run.uses_flow else []
    videos = ["decode", *flow, "features"]
    made = videos if run.origin == "videos" else [run.origin]
    for section in (*made, *AFTER_FEATURES):
        chosen, default = getattr(run.config, section), getattr(Config(), section)
        for field in fields(chosen):
            value = getattr(chosen, field.name)
            is_of_rule = section == "points" and field.name not in SOFT
            if is_of_rule and run.options.points_file:
                continue
            if value != getattr(default, field.name):
                text = ",".join(map(str, value)) if isinstance(value, tuple) else value
                yield from (flag_text(section, field.name), str(text))
    if run.origin == "imported" and run.config.features.streams != "both":
        yield from ("--streams", run.config.features.streams)
