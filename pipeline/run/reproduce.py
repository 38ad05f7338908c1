"""The one command that recreates a model."""

import shlex
from collections.abc import Iterator

from pipeline.run.config import Config, flag_text
from pipeline.run.options import RunOptions
from pipeline.run.run import Run
from pipeline.run.unused_flags import CLICKS_TOO


def command_of(run: Run) -> str:
    """Return the command that trains, detects and evaluates as a run does.

    It names everything that decides the result and differs from the defaults.
    """
    words = ["luigi", "--module", "tasks", "Evaluate", "--dataset", run.options.dataset]
    flags = [word for flag, value in _flags(run) for word in (flag, str(value))]
    return shlex.join([*words, "--preset", "soda", *flags])


def _flags(run: Run) -> Iterator[tuple[str, object]]:
    options = run.options
    places = {
        "--timeline": options.timeline,
        "--features-dir": options.features_dir,
        "--points-file": options.points_file or run.saved_clicks,
        "--points-fps": options.points_fps,
        **{f"--{part}-weights": path for part, path in run.weight_files.items()},
    }
    yield from ((flag, value) for flag, value in places.items() if value)
    test_list = options.thumos14_list
    if options.dataset == "thumos14" and test_list != RunOptions.thumos14_list:
        yield "--thumos14-list", test_list
    for section, chosen in vars(run.config).items():
        is_other = section == "flow" and not run.uses_flow
        if is_other or section == "experiment" or not run.uses(section):
            continue
        default = vars(getattr(Config(), section))
        for name, value in vars(chosen).items():
            is_of_rule = section == "points" and name not in CLICKS_TOO
            if value == default[name] or (is_of_rule and run.human_clicks):
                continue
            text = ",".join(map(str, value)) if isinstance(value, tuple) else value
            yield flag_text(section, name), text
    if run.origin == "imported" and run.config.features.streams != "both":
        yield "--streams", run.config.features.streams
