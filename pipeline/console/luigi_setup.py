"""Luigi as this project uses it: defaults, and errors in one sentence."""

import logging
import re
import socket
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import luigi.configuration

from pipeline.errors import SodaError, UsageError

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
ANSWER_SECONDS = 5.0  # Luigi itself would try for more than a minute


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


def check_scheduler(core: Any) -> None:
    """Refuse a central scheduler that does not answer, before any work.

    Raises:
        UsageError: Nothing answers; the message names the files that may ask for it.
    """
    url = core.scheduler_url or f"http://{core.scheduler_host}:{core.scheduler_port}"
    place = urlsplit(url)
    if core.local_scheduler or not place.hostname:
        return
    try:
        address = place.hostname, place.port or 80
        socket.create_connection(address, ANSWER_SECONDS).close()
    except OSError as error:
        files = [
            f
            for f in luigi.configuration.get_config()._config_paths
            if Path(f).is_file()
        ]
        asked = f" (as {', '.join(files)} may say)" if files else ""
        raise UsageError(
            f"expected Luigi's central scheduler at {url}{asked}, found nothing there "
            f"({error.strerror or error}); start luigid, or add --local-scheduler to "
            "do without"
        ) from error


def explain_words(message: str, task: str, flags: Mapping[str, Sequence[str]]) -> str:
    """Return why a task does not take words; the flags of each task are given.

    >>> flags = {"DecodeVideos": ["--fps"], "TrainSODA": ["--fps", "--epochs"]}
    >>> explain_words("unrecognized arguments: --epochs 9", "DecodeVideos", flags)
    '--epochs: not a flag of DecodeVideos, but of TrainSODA; leave it out'
    """
    words = message.partition("unrecognized arguments: ")[2]
    sentences = []
    for flag in re.findall(r"--[\w-]+", words):
        near = get_close_matches(flag, flags.get(task, ()), n=1)
        if takers := [name for name, taken in flags.items() if flag in taken]:
            why = f"not a flag of {task}, but of {', '.join(takers)}; leave it out"
        elif near:
            why = f"no such flag; did you mean {near[0]}?"
        else:
            why = "no such flag; --help-all lists all"
        sentences.append(f"{flag}: {why}")
    return "\n".join(sentences) or message


def hush_luigi() -> None:
    """Keep Luigi from printing a traceback if one sentence says it all."""

    def is_wanted(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, SodaError)

    logging.getLogger("luigi-interface").addFilter(is_wanted)
