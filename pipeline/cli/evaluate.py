"""`soda evaluate`: score any detections in ActivityNet's form."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline import narration
from pipeline.config import parse_values
from pipeline.detections import read_detections
from pipeline.errors import UsageError
from pipeline.evaluation import (
    THUMOS14_EXCLUDED,
    EvaluateConfig,
    evaluate,
    exclude,
    read_ground_truth,
)
from pipeline.storage import write_json


def evaluate_command(
    ground_truth: Annotated[
        Path, typer.Option(help="Annotations in ActivityNet's form, or a manifest.")
    ],
    detections: Annotated[
        Path, typer.Option(help="Detections in ActivityNet's results form.")
    ],
    tiou: Annotated[
        str, typer.Option(help="start:stop:step (stop counted), or a,b,c.")
    ] = "0.1:0.7:0.1",
    subset: Annotated[str, typer.Option(help="As the annotations name it.")] = "test",
    thumos14_list: Annotated[
        str | None,
        typer.Option(help="Leave out what this list does: 210, 212 or 213 videos."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the figures here, as percentages.")
    ] = None,
) -> None:
    """Mean average precision of temporal detections, by ActivityNet's rule.

    Example: soda evaluate --ground-truth gt.json --detections detections.json
    """
    if thumos14_list not in (None, *THUMOS14_EXCLUDED):
        lists = ", ".join(THUMOS14_EXCLUDED)
        raise UsageError(f"--thumos14-list {thumos14_list}: expected one of {lists}")
    left_out = THUMOS14_EXCLUDED[thumos14_list] if thumos14_list else ()
    try:
        tious = EvaluateConfig(parse_values(tiou)).tiou
    except ValueError as error:
        raise UsageError(f"--tiou {tiou}: {error}") from error
    result = evaluate(
        exclude(read_ground_truth(ground_truth, subset), left_out),
        exclude(read_detections(detections), left_out),
        tious,
    ).to_json()
    narration.print_evaluation(result)
    if json:
        write_json(json, {**result, "subset": subset, "left_out": list(left_out)})
