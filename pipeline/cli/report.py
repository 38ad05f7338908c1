"""`soda report`: pages that show any detections, without a work folder."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.run.command_line import typed
from pipeline.video.proxy import Proxy


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
    """Make pages to look at any detections.

    An index, and a page with player and time line for each video. What DetectActions
    and `soda detect` wrote is shown with its class activation sequences.

    Examples:

        soda report detections.json --videos videos --output pages
        soda report found.csv --ground-truth truth.json --output pages
        soda report A --compare-with B --output pages

    Exit codes: 2 wrong usage, 3 no such file, 4 annotations to be mended.
    """
    from pipeline.report.standalone import report_detections  # not for --help

    index = report_detections(
        detections,
        output,
        compare_with=compare_with,
        ground_truth=ground_truth,
        subset=subset,
        videos=videos,
        proxy=proxy,
        command=typed(),
    )
    typer.echo(f"report: {index}")
