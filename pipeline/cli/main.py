"""Entry point of `soda`: the only place where errors become text and exit codes."""

from typing import Any

import typer

from pipeline.cli.lazy import MARKUP, Entry, LazyGroup
from pipeline.errors import SodaError
from pipeline.progress import INTERRUPTED, say, say_error

DATA, WORK, SEEN = "Your data", "The work", "What came out"
FLAGS = {"ignore_unknown_options": True}


class Soda(LazyGroup):
    """All commands; a file of `pipeline/cli` each."""

    entries = (
        Entry("init", DATA, "Make a dataset's manifest from a folder of videos."),
        Entry("annotate", DATA, "Watch videos and click single frames, in a browser."),
        Entry(
            "check",
            DATA,
            "Look at every video of a dataset and compare it with the annotations.",
        ),
        Entry(
            "download",
            DATA,
            "Get what may be downloaded of a benchmark, verified; "
            "resumes where it broke off.",
        ),
        Entry("run", WORK, "Go the road from raw videos to a report.", FLAGS),
        Entry("detect", WORK, "Find the actions in new videos with a trained model."),
        Entry(
            "status",
            WORK,
            "Show what is there of each stage, made when and with which parameters.",
        ),
        Entry(
            "clean",
            WORK,
            "Remove what interrupted runs have left behind, and caches if asked to.",
        ),
        Entry("doctor", WORK, "Look whether this machine has all that is needed."),
        Entry(
            "evaluate",
            SEEN,
            "Mean average precision of temporal detections, and what keeps it down.",
        ),
        Entry("report", SEEN, "Make pages to look at any detections."),
        Entry("figure", SEEN, "Draw a video's time line on paper."),
        Entry(
            "export",
            SEEN,
            "Detections, features and models in the forms of other tools.",
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
    """Find which action happens from which second to which, in untrimmed videos.

    Example:

        soda run demo

    Exit codes:

        0  all good                    5    some videos failed
        1  a fault of the program      6    a tool is missing
        2  wrong usage                 7    weights are missing, or are others
        3  an input was not found      130  interrupted
        4  annotations to be mended
    """
