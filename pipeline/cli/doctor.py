"""`soda doctor`: what this machine has, and what it lacks."""

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
        Path, typer.Option(help="The folder in which outputs would go.")
    ] = Path("work"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the same as JSON, for programs.")
    ] = False,
) -> None:
    """Look whether this machine has all that is needed.

    Packages, codecs, device, processors, memory, disks, weights and Slurm; what is
    not as it should be comes with what to do.

    Example:

        soda doctor

    Exit codes: 0 no problem, 6 a package or codec is missing, 7 weights are missing,
    1 another problem.
    """
    from pipeline.doctor import examine  # it imports PyTorch
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
