"""`soda doctor`: an examination of this machine."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red bold"}
WIDTH = max(map(len, COLOURS))


def doctor_command(
    workdir: Annotated[
        Path, typer.Option(help="The folder that outputs would be written to.")
    ] = Path("work"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON, for programs.")
    ] = False,
) -> None:
    """Check that this machine has everything that a run needs.

    Examines packages, codecs, the device, processors, memory, disks, weights and Slurm.
    Each warning and problem comes with what to do about it.

    Example:

        soda doctor

    Exit codes: 0 no problem, 1 another problem, 6 missing package or codec, 7 missing
    weights.
    """
    # Not above: it imports PyTorch, which --help must not wait for.
    from pipeline.doctor.examination import examine
    from pipeline.storage import plain

    findings = list(examine(workdir))
    if as_json:
        typer.echo(json.dumps(plain(findings), indent=2))
    else:
        console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
        for finding in findings:
            line = Text(finding.state.ljust(WIDTH), COLOURS[finding.state])
            line.append(f"  {finding.topic}: ", "bold").append(finding.found, "default")
            console.print(line)
            if finding.advice:
                console.print(f"{'':{WIDTH}}  to do: {finding.advice}", markup=False)
    codes = [finding.exit_code for finding in findings if finding.state == "problem"]
    raise typer.Exit(max(codes, default=0))
