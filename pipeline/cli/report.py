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
            help="A folder that DetectActions wrote (detections/<fingerprint>), or a "
            "file in ActivityNet's results format or CSV."
        ),
    ],
    output: Annotated[Path, typer.Option(help="The folder to write to.")],
    compare_with: Annotated[
        Path | None, typer.Option(help="Detections of another model, to show as well.")
    ] = None,
    ground_truth: Annotated[
        Path | None,
        typer.Option(help="Annotations in ActivityNet's format, or a manifest."),
    ] = None,
    subset: Annotated[
        str, typer.Option(help="The subset, as the annotations name it.")
    ] = "test",
    videos: Annotated[
        Path | None, typer.Option(help="The folder of the videos, to play them.")
    ] = None,
    proxy: Annotated[
        Proxy,
        typer.Option(
            help="Which videos get small copies: those that browsers cannot play "
            "(auto), all, or none."
        ),
    ] = "auto",
) -> None:
    """Make HTML pages that show any detections.

    Writes an index, and a page with a player and a time line for each video. Detections
    that DetectActions or `soda detect` wrote are shown with their class activation
    sequences. The pages open from disk and need no server.

    Examples:

        soda report detections.json --videos videos --output pages
        soda report found.csv --ground-truth truth.json --output pages
        soda report A --compare-with B --output pages

    Exit codes: 2 wrong usage, 3 no such file, 4 invalid annotations.
    """
    # --help must not wait for the seconds that its imports take
    from pipeline.report.standalone import report_detections

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
