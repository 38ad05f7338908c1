"""Entry point of `soda`: the only place where errors become text and exit codes."""

import sys

import typer

from extractors.weights import WeightsError
from pipeline import narration
from pipeline.cli.annotate import annotate_command
from pipeline.cli.check import check_command
from pipeline.cli.clean import clean_command
from pipeline.cli.detect import detect_command
from pipeline.cli.download import download_command
from pipeline.cli.evaluate import evaluate_command
from pipeline.cli.export import app as export_app
from pipeline.cli.init import init_command
from pipeline.cli.status import status_command
from pipeline.errors import SodaError
from pipeline.progress import say

INTERRUPTED = 130

app = typer.Typer(
    name="soda",
    help="Find which action happens from which second to which, in untrimmed videos.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("init")(init_command)
app.command("check")(check_command)
app.command("annotate")(annotate_command)
app.command("detect")(detect_command)
app.command("download")(download_command)
app.command("evaluate")(evaluate_command)
app.add_typer(export_app)
app.command("status")(status_command)
app.command("clean")(clean_command)


@app.callback()
def describe() -> None:
    """Action localization from single-frame clicks (SODA).

    The stages from raw videos to scores run as `luigi --module tasks Evaluate`.
    """


def main() -> None:
    """Run `soda`; ends the process with the exit code of what happened."""
    try:
        app()
    except (SodaError, WeightsError) as error:
        narration.say_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("\ninterrupted; nothing was left half written")
        sys.exit(INTERRUPTED)
