"""Luigi as this project uses it: defaults, and errors in one sentence."""

import logging
from collections.abc import Sequence

import luigi.configuration

from pipeline.errors import SodaError

# Defaults that spare the user Luigi's traps: success as exit code of a failure, the
# need of a running luigid, and a log in which nothing can be found. Flags still win.
LUIGI_DEFAULTS = {
    "core": {
        "local_scheduler": "true",
        "log_level": "WARNING",
        # It would refuse the same command twice; here the second waits for the first.
        "no_lock": "true",
    },
    "worker": {"check_complete_on_run": "true"},
    "retcode": {
        "already_running": "10",
        "missing_data": "20",
        "not_run": "25",
        "task_failed": "30",
        "scheduling_error": "35",
        "unhandled_exception": "40",
    },
}

SCHEDULER_OPTIONS = ("scheduler-host", "scheduler-port", "scheduler-url")


def names_scheduler(arguments: Sequence[str]) -> bool:
    """Return whether a command line, or the user's luigi.cfg, names a luigid."""
    config = luigi.configuration.get_config()
    named = {word.partition("=")[0] for word in arguments}
    return any(
        f"--{option}" in named
        or config.has_option("core", option)
        or config.has_option("core", f"default-{option}")
        for option in SCHEDULER_OPTIONS
    )


def set_luigi_defaults(arguments: Sequence[str]) -> None:
    """Apply the defaults unless the user's own luigi.cfg sets the option."""
    config = luigi.configuration.get_config()
    for section, options in LUIGI_DEFAULTS.items():
        for option, value in options.items():
            is_named = option == "local_scheduler" and names_scheduler(arguments)
            if not (is_named or config.has_option(section, option)):
                config.set(section, option, value)


def hush_luigi() -> None:
    """Keep Luigi from printing a traceback if one sentence says it all."""

    def is_wanted(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, SodaError)

    logging.getLogger("luigi-interface").addFilter(is_wanted)
