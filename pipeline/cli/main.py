"""The entry point of `soda`, the one place that turns errors into exit codes."""

import os
import sys
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from pipeline.cli.lazy import MARKUP, CommandEntry, LazyCommand
from pipeline.errors import SodaError
from pipeline.progress import INTERRUPTED, heed_signals, say, say_error

PANELS = {
    "Your data": ("init", "annotate", "check", "download"),
    "Running": ("run", "detect", "status", "clean", "doctor"),
    "Results": ("evaluate", "report", "figure", "export"),
}


class Soda(TyperGroup):
    """The group of all commands, each in a file of `pipeline/cli` that loads on use."""

    entries = tuple(
        CommandEntry(name, panel) for panel, names in PANELS.items() for name in names
    )

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in their order."""
        return [entry.name for entry in self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> LazyCommand | None:
        """Return the placeholder of a command; None for an unknown name."""
        named = [entry for entry in self.entries if entry.name == cmd_name]
        return LazyCommand(named[0]) if named else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words typed; a word that names a file is never taken for options.

        `*.mp4` matches names that begin with a dash, as the ids of YouTube may.
        """
        words = [
            f"./{word}" if word.startswith("-") and os.access(word, os.F_OK) else word
            for word in args
        ]
        return super().parse_args(ctx, words)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was chosen."""
        heed_signals()
        # Names of files may contain what the terminal's encoding does not.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except SodaError as error:
            say_error(error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            say(f"\n{INTERRUPTED}")
            raise typer.Exit(getattr(error, "exit_code", 130)) from error


main = typer.Typer(
    cls=Soda, name="soda", rich_markup_mode=MARKUP, pretty_exceptions_enable=False
)


@main.callback(no_args_is_help=True)
def describe() -> None:
    """Find which actions happen in untrimmed videos, from which second to which.

    A model learns from single clicks, one per action. The commands are listed in the
    order of use; `soda COMMAND --help` explains each one with examples.

    Example, a complete run on small generated videos:

        soda run demo

    Exit codes:

        0  success                     5    some videos failed
        1  an error in the program     6    a tool is missing
        2  wrong usage                 7    weights are missing or differ
        3  an input was not found      130  interrupted
        4  invalid annotations         143  ended by SIGTERM (129: by SIGHUP)
    """
