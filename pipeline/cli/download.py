"""`soda download`: the annotations of benchmarks and the weights of networks."""

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
        str,
        typer.Argument(help="A benchmark: thumos14, activitynet1.2 or activitynet1.3."),
    ],
    what: Annotated[
        str | None,
        typer.Option(
            help="The part to download: annotations, or weights (of I3D, the same for "
            "every dataset). Default: both, with instructions for the videos."
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The folder for the annotations. Default: data/DATASET."),
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            help="A web folder that has the annotation files under their own names, "
            "used instead of the published addresses. Can be repeated."
        ),
    ] = None,
) -> None:
    """Download the annotations and weights of a benchmark, and verify them.

    An interrupted download resumes where it stopped. Videos may not be redistributed;
    without --what, the command prints how to get them.

    Example:

        soda download thumos14 --what annotations

    Exit codes: 2 no such dataset, 3 an annotation file is not available, 7 the
    RGB weights are not available.
    """
    published = published_dataset(dataset)
    if what is not None and what not in PARTS:
        raise UsageError(f"--what {what}: expected one of {', '.join(PARTS)}")
    folder = data_dir or Path("data", dataset)
    if what != "weights":
        download_annotations(published, folder, mirror or ())
    code = fetch_weights() if what != "annotations" else 0
    if what is None:
        place = f"{folder / 'videos'}, in sub-folders or not"
        typer.echo(f"\n{published.videos}\nPut them into {place}, then type")
        typer.echo(f"  soda check {dataset}")
    if code:
        raise typer.Exit(code)
