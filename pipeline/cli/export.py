"""`soda export`: detections, features and models in the formats of other tools."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.lazy import MARKUP
from pipeline.datasets import load_dataset
from pipeline.exports import FORMATS, LAYOUTS, export_detections, export_features
from pipeline.exports.media import VideoFiles
from pipeline.model_folder.portable import NETWORKS, export_network
from pipeline.progress import count_of, say

app = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)


@app.callback(no_args_is_help=True)
def export_command() -> None:
    """Export detections, features and models to the formats of other tools."""


@app.command("detections")
def detections_command(
    detections: Annotated[
        Path,
        typer.Argument(help="Detections that DetectActions or `soda detect` wrote."),
    ],
    format: Annotated[str, typer.Option(help=f"One of {', '.join(FORMATS)}.")],
    output: Annotated[
        Path | None,
        typer.Option(
            help="The folder to write to, for fiftyone and formats with a file per "
            "video; otherwise a file. Default: in exports/."
        ),
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Leave out detections with a lower score.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(help="Keep only this many per video, the strongest.")
    ] = None,
    videos: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the videos, for fiftyone, labelstudio, eaf, srt, vtt."
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            help="Frames per second, for labelstudio. Default: each video's own."
        ),
    ] = None,
) -> None:
    """Export detections as subtitles, tables, or files for annotation tools.

    Example: soda export detections detections.json --format srt --min-score 0.3
    """
    media = VideoFiles(videos, fps)
    path, kept = export_detections(detections, format, output, min_score, top, media)
    count = sum(map(len, kept.values()))
    found = f"{count_of(count, 'detection')} of {count_of(len(kept), 'video')}"
    typer.echo(f"{found}: {path}")


@app.command("features")
def features_command(
    folder: Annotated[
        Path, typer.Argument(help="A work folder, or a folder in its features/.")
    ],
    format: Annotated[str, typer.Option(help=f"One of {', '.join(LAYOUTS)}.")],
    output: Annotated[Path, typer.Option(help="The folder to write to.")],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The dataset of the run, for basnet and actionformer's annotations."
        ),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="The folder that contains the named datasets.")
    ] = Path("data"),
) -> None:
    """Export features as the arrays that other localization code reads.

    Example: soda export features work/thumos14 --format npy --output features
    """
    known = None
    if dataset:
        known = load_dataset(dataset, data_folder=data_dir, with_videos=False)
    count = export_features(folder, format, output, known)
    say(f"snippet times: {output / 'features.json'}")
    typer.echo(f"features of {count_of(count, 'video')}: {output}")


@app.command("model")
def model_command(
    folder: Annotated[
        Path, typer.Argument(help="A model folder, such as one in models/.")
    ],
    format: Annotated[str, typer.Option(help=f"One of {', '.join(NETWORKS)}.")],
    output: Annotated[
        Path | None, typer.Option(help="The file to write. Default: in exports/.")
    ] = None,
) -> None:
    """Export a trained network as a file that runs without this project.

    Example: soda export model work/demo/models/a1b2c3 --format onnx
    """
    path, difference = export_network(folder, format, output)
    say(f"compared with the network: largest difference {difference:.1g}")
    typer.echo(str(path))
