"""`soda figure`: the time line of one video, for a paper."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import InputNotFoundError
from pipeline.progress import count_of


def figure_command(
    detections: Annotated[
        Path,
        typer.Argument(help="Detections that DetectActions or `soda detect` wrote."),
    ],
    video_id: Annotated[str, typer.Argument(help="The id of a video in it.")],
    output: Annotated[
        Path, typer.Option(help="The file to write: .pdf, .svg or .png.")
    ] = Path("figure.pdf"),
    ground_truth: Annotated[
        Path | None,
        typer.Option(help="Annotations in ActivityNet's format, or a manifest."),
    ] = None,
    points: Annotated[
        Path | None, typer.Option(help="Points, as GeneratePoints writes them.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Leave out detections with a lower score.")
    ] = None,
) -> None:
    """Draw the time line of a video as a figure for a paper.

    The figure has rows of ground truth, clicks and detections below the class
    activation sequence of each class, as in Fig. 13 to 18 of the paper. The sequences
    come from cas/ next to the detections.

    Example:

        soda figure detections/detections.json match --output match.pdf
    """
    # Not above: they import matplotlib and PyTorch, which --help must not wait for.
    from pipeline.detection.activations import read_response, response_path
    from pipeline.detection.detections import read_detections
    from pipeline.evaluation.ground_truth import read_instances
    from pipeline.experiments.figures.sheet import save_as
    from pipeline.experiments.figures.timeline import show
    from pipeline.exports.detections import strongest
    from pipeline.points.formats import read_points

    found = read_detections(detections)
    if video_id not in found:
        raise InputNotFoundError(
            f"{detections}: expected the video {video_id!r}, found "
            f"{count_of(len(found), 'other')}"
        )
    said = response_path(detections.parent, video_id)
    sheet = show(
        strongest(found, threshold)[video_id],
        read_response(said) if said.is_file() else None,
        read_instances(ground_truth, video_id) if ground_truth else (),
        read_points(points).get(video_id, ()) if points else (),
        video_id,
    )
    save_as(sheet, output)
    typer.echo(f"written: {output}")
