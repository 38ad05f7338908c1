"""`soda detect`: a trained model on a new video."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.detecting import detect
from pipeline.detections import Detection, write_detections
from pipeline.progress import Progress


def detect_command(
    video: Annotated[Path, typer.Argument(help="A video that FFmpeg reads.")],
    model: Annotated[Path, typer.Option(help="A folder that TrainSODA wrote.")],
    output: Annotated[
        Path | None,
        typer.Option(help="Default: the video's name with .json, in this folder."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    top: Annotated[int, typer.Option(help="How many detections to print.")] = 10,
) -> None:
    """Find the actions in a video; writes JSON and CSV, prints the strongest.

    Example: soda detect match.mp4 --model work/demo/models/0123456789ab
    """
    bar = Progress("features", 1, [1.0], unit="video")
    detections = detect(video, model, device=device, progress=bar.update)
    bar.finish()
    path = output or Path(f"{video.stem}.json")
    write_detections(path, {video.stem: detections}, {"model": str(model)})
    print_detections(detections[:top])
    typer.echo(f"{len(detections)} detections: {path}, {path.with_suffix('.csv')}")


def print_detections(detections: list[Detection]) -> None:
    """A row a detection, in seconds."""
    table = Table("action", "from (s)", "to (s)", "score")
    for d in detections:
        times = (f"{d.start_seconds:.2f}", f"{d.end_seconds:.2f}", f"{d.score:.3f}")
        table.add_row(d.label, *times)
    Console().print(table)
