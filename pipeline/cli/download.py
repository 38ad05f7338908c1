"""`soda download`: annotations and weights, and how to get the videos."""

from pathlib import Path
from typing import Annotated

import typer

from extractors.weights import main as fetch_weights
from pipeline.datasets.download import download_annotations
from pipeline.datasets.published import published_dataset
from pipeline.errors import UsageError

PARTS = ("annotations", "weights")


def download_command(
    dataset: Annotated[
        str, typer.Argument(help="thumos14, activitynet1.2 or activitynet1.3.")
    ],
    what: Annotated[
        str | None,
        typer.Option(
            help="annotations, or weights: those of I3D, the same for every dataset. "
            "Default: both, and how to get the videos."
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where annotations go. Default: data/, the dataset's name."),
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            help="A web folder with the files of annotations by their names, asked "
            "instead of the published addresses; may be given several times."
        ),
    ] = None,
) -> None:
    """Get what may be downloaded of a benchmark, verified; resumes where it broke off.

    Example:

        soda download thumos14 --what annotations

    Exit codes: 2 no such dataset, 7 the RGB weights are not to be had.
    """
    published = published_dataset(dataset)
    if what is not None and what not in PARTS:
        raise UsageError(f"--what {what}: expected one of {', '.join(PARTS)}")
    folder = data_dir or Path("data", dataset)
    if what != "weights":
        download_annotations(published, folder, mirror or ())
    code = fetch_weights() if what != "annotations" else 0
    if what is None:
        typer.echo(f"\n{published.videos}")
        typer.echo(f"Put them into {folder / 'videos'}, in folders or not, then type")
        typer.echo(f"  soda check {dataset}")
    if code:
        raise typer.Exit(code)
