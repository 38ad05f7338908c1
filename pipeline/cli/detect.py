"""`soda detect`: the detections of a trained model in new videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import FailedVideosError
from pipeline.model_folder.newest import find_models, newest_model
from pipeline.progress import count_of, say

if TYPE_CHECKING:
    from pipeline.detection.detections import Detection


def detect_command(
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO...",
            help="Video files that FFmpeg reads, and folders of them.",
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            help="A model folder that TrainSODA wrote. Default: the newest in work.",
            autocompletion=lambda: list(map(str, find_models())),
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(
        "detections"
    ),
    threshold: Annotated[
        float | None, typer.Option(help="Leave out detections with a lower score.")
    ] = None,
    top: Annotated[
        int, typer.Option(help="How many detections to print per video.")
    ] = 10,
    device: Annotated[
        str, typer.Option(help="The device: auto, cpu or cuda.")
    ] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(help="Videos searched in parallel. Default: one per processor."),
    ] = None,
) -> None:
    """Find the actions in new videos with a trained model.

    Writes detections.json (ActivityNet's results format), detections.csv, subtitles in
    srt/ and pages that start at report/index.html. Videos that were searched before
    with the same model are not searched again; after Ctrl-C, the same command
    continues.

    Examples:

        soda detect match.mp4
        soda detect monday/ tuesday/ --model work/demo/models/0123456789ab
        soda detect match.mp4 --threshold 0.3 --output found

    Exit codes: 2 wrong usage, 3 no such video or model, 5 some videos could not be
    searched (they are named, and the others are searched), 7 missing weights.
    """
    if model is None:
        model, count = newest_model(), len(find_models())
        say(f"model: {model}, the newest of {count}; choose another with --model")
    # Not above: it imports PyTorch, which --help must not wait for.
    from pipeline.inference.batch import search_videos

    found = search_videos(videos, model, output, device, threshold, jobs)
    for id, detections in found.detections.items():
        print_detections(id, detections[:top])
    if found.detections:
        count = sum(map(len, found.detections.values()))
        said = f"{count_of(count, 'detection')} in "
        said += count_of(len(found.detections), "video")
        typer.echo(f"{said} by the model {model}: {output}")
        typer.echo(f"report: {output / 'report' / 'index.html'}")
    if found.failed:
        listed = "".join(f"\n  {id}: {why}" for id, why in found.failed.items())
        of = count_of(len(found.failed) + len(found.detections), "video")
        raise FailedVideosError(
            f"{len(found.failed)} of {of} could not be searched:{listed}"
        )


def print_detections(id: str, detections: Sequence["Detection"]) -> None:
    """Print a table with a row per detection, in seconds."""
    table = Table("action", title=id, title_justify="left")
    for name in ("from (s)", "to (s)", "score"):
        table.add_column(name, justify="right")
    for d in detections:
        times = (f"{d.start_seconds:.2f}", f"{d.end_seconds:.2f}", f"{d.score:.3f}")
        table.add_row(d.label, *times)
    Console(markup=False, highlight=False).print(table)
