"""`soda detect`: a trained model on new videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import FailedVideosError
from pipeline.model_folder.newest import find_models, newest_model
from pipeline.progress import say

if TYPE_CHECKING:
    from pipeline.detection.detections import Detection


def detect_command(
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO...", help="Videos that FFmpeg reads, and folders of them."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            help="A folder that TrainSODA wrote. Default: the newest in work.",
            autocompletion=lambda: list(map(str, find_models())),
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder to write.")] = Path(
        "detections"
    ),
    threshold: Annotated[
        float | None, typer.Option(help="Leave out what scores less.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many to print of each video.")] = 10,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    jobs: Annotated[
        int | None, typer.Option(help="Videos side by side; default: processors.")
    ] = None,
) -> None:
    """Find the actions in new videos with a trained model.

    Writes detections.json (ActivityNet's results form), detections.csv, subtitles in
    srt/ and a page to look at, report/index.html. What was searched before with the
    same model is not searched again; after Ctrl-C the same command goes on.

    Examples:

        soda detect match.mp4
        soda detect monday/ tuesday/ --model work/demo/models/0123456789ab
        soda detect match.mp4 --threshold 0.3 --output found

    Exit codes: 2 wrong usage, 3 no such video or model, 5 some videos could not be
    searched, which are named while the others are done, 7 weights.
    """
    chosen = model or newest_model()
    if model is None:
        count = len(find_models())
        say(f"model: {chosen}, the newest of {count}; --model takes another")
    from pipeline.inference.batch import (
        search_videos,  # PyTorch is not wanted for --help
    )

    found = search_videos(videos, chosen, output, device, threshold, jobs)
    for id, detections in found.detections.items():
        print_detections(id, detections[:top])
    if found.detections:
        count = sum(map(len, found.detections.values()))
        typer.echo(f"{count} detections in {len(found.detections)} video(s): {output}")
        typer.echo(f"to look at them: {output / 'report' / 'index.html'}")
    if found.failed:
        listed = "".join(f"\n  {id}: {why}" for id, why in found.failed.items())
        raise FailedVideosError(
            f"{len(found.failed)} of {len(found.failed) + len(found.detections)} "
            f"video(s) could not be searched:{listed}"
        )


def print_detections(id: str, detections: Sequence["Detection"]) -> None:
    """A row a detection, in seconds."""
    table = Table("action", title=id, title_justify="left")
    for name in ("from (s)", "to (s)", "score"):
        table.add_column(name, justify="right")
    for d in detections:
        times = (f"{d.start_seconds:.2f}", f"{d.end_seconds:.2f}", f"{d.score:.3f}")
        table.add_row(d.label, *times)
    Console(markup=False, highlight=False).print(table)
