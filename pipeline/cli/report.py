"""`soda report`: pages that show any detections, without a work folder."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.report import Proxy
from pipeline.showing import report_detections


def report_command(
    detections: Annotated[
        Path,
        typer.Argument(
            help="A folder that DetectActions wrote (detections/<fingerprint>), or "
            "detections in ActivityNet's results form, or CSV."
        ),
    ],
    output: Annotated[Path, typer.Option(help="The folder to write.")],
    compare_with: Annotated[
        Path | None, typer.Option(help="Another model's, to stand beside.")
    ] = None,
    ground_truth: Annotated[
        Path | None,
        typer.Option(help="Annotations in ActivityNet's form, or a manifest."),
    ] = None,
    subset: Annotated[str, typer.Option(help="As the annotations name it.")] = "test",
    videos: Annotated[
        Path | None, typer.Option(help="Folder of the videos, to play them.")
    ] = None,
    proxy: Annotated[
        Proxy,
        typer.Option(help="Small copies: of what browsers do not play, of all, none."),
    ] = "auto",
) -> None:
    """Pages to look at detections: an index, and a player with time line per video.

    Example: soda report detections.json --videos videos --output pages
    """
    command = shlex.join(["soda", *sys.argv[1:]])
    index = report_detections(
        detections,
        output,
        compare_with=compare_with,
        ground_truth=ground_truth,
        subset=subset,
        videos=videos,
        proxy=proxy,
        command=command,
    )
    typer.echo(f"report: {index}")
