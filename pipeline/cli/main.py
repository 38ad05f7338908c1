"""The entry point of `soda`, the one place that turns errors into exit codes."""

from typing import Any

import typer

from pipeline.cli.lazy import MARKUP, CommandEntry, LazyGroup
from pipeline.errors import SodaError
from pipeline.progress import INTERRUPTED, say, say_error

DATA, RUNNING, RESULTS = "Your data", "Running", "Results"
FLAGS = {"ignore_unknown_options": True}


class Soda(LazyGroup):
    """The group of all commands, each with a file in `pipeline/cli`."""

    entries = (
        CommandEntry(
            "init", DATA, "Make a dataset's manifest from a folder of videos."
        ),
        CommandEntry(
            "annotate", DATA, "Watch videos and click single frames in a browser."
        ),
        CommandEntry(
            "check",
            DATA,
            "Check every video of a dataset and compare it with the annotations.",
        ),
        CommandEntry(
            "download",
            DATA,
            "Download the annotations and weights of a benchmark, and verify them.",
        ),
        CommandEntry(
            "run", RUNNING, "Run the pipeline from raw videos to a report.", FLAGS
        ),
        CommandEntry(
            "detect", RUNNING, "Find the actions in new videos with a trained model."
        ),
        CommandEntry(
            "status",
            RUNNING,
            "Show each stage's outputs, when they were made and with what parameters.",
        ),
        CommandEntry(
            "clean",
            RUNNING,
            "Remove the leftovers of interrupted runs, and caches on request.",
        ),
        CommandEntry(
            "doctor",
            RUNNING,
            "Check that this machine has everything that a run needs.",
        ),
        CommandEntry(
            "evaluate",
            RESULTS,
            "Score temporal detections by mean average precision, and diagnose errors.",
        ),
        CommandEntry("report", RESULTS, "Make HTML pages that show any detections."),
        CommandEntry(
            "figure", RESULTS, "Draw the time line of a video as a figure for a paper."
        ),
        CommandEntry(
            "export",
            RESULTS,
            "Export detections, features and models to the formats of other tools.",
        ),
    )

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was chosen."""
        try:
            return super().invoke(ctx)
        except SodaError as error:
            say_error(error)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            say(f"\n{INTERRUPTED}")
            raise typer.Exit(130) from error


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
        4  invalid annotations
    """
