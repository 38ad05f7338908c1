"""`soda evaluate`: scores of any detections in ActivityNet's format."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.datasets.thumos14 import videos_left_out
from pipeline.detection.detections import read_detections
from pipeline.evaluation import (
    diagnose,
    evaluate,
    exclude,
    match_detections,
    read_durations,
    read_ground_truth,
)
from pipeline.evaluation.table import print_evaluation
from pipeline.run.config import make_config, parse_field
from pipeline.storage import write_json

RANKS = "detections by descending score; G: instances of their class"
SIZES = "share of the video, seconds, instances of the class in the video"


def evaluate_command(
    ground_truth: Annotated[
        Path, typer.Option(help="Annotations in ActivityNet's format, or a manifest.")
    ],
    detections: Annotated[
        Path, typer.Option(help="Detections in ActivityNet's results format, or CSV.")
    ],
    tiou: Annotated[
        str,
        typer.Option(
            help="tIoU thresholds: start:stop:step (including stop), or a,b,c."
        ),
    ] = "0.1:0.7:0.1",
    subset: Annotated[
        str, typer.Option(help="The subset, as the annotations name it, in any case.")
    ] = "test",
    thumos14_list: Annotated[
        str | None,
        typer.Option(help="Score only the 210, 212 or 213 test videos of this list."),
    ] = None,
    evaluator: Annotated[
        str,
        typer.Option(help="The matching rule: activitynet, or thumos (its 2014 kit)."),
    ] = "activitynet",
    ap: Annotated[
        str,
        typer.Option(
            help="Average precision: interpolated, plain, or auto: the rule's."
        ),
    ] = "auto",
    bootstrap: Annotated[
        int,
        typer.Option(help="Resamplings of the videos for 95 % intervals, such as 200."),
    ] = 0,
    tell_errors: Annotated[
        bool,
        typer.Option("--diagnose", help="Also print a table of each kind of error."),
    ] = False,
    diagnosis_tiou: Annotated[
        float, typer.Option(help="The tIoU threshold for --diagnose.")
    ] = 0.5,
    buckets: Annotated[
        str,
        typer.Option(help="The bounds of the sizes XS to XL: thumos14 or activitynet."),
    ] = "thumos14",
    json: Annotated[
        Path | None,
        typer.Option(help="A JSON file to write the scores to, as percentages."),
    ] = None,
) -> None:
    """Score temporal detections by mean average precision, and diagnose errors.

    A detection counts as correct if its temporal intersection over union (tIoU) with an
    instance of the same class reaches the threshold. With --diagnose, tables show which
    false positives there are, which instances are found by size, and how well they are
    localized.

    Examples:

        soda evaluate --ground-truth gt.json --detections detections.json
        soda evaluate --ground-truth gt.json --detections found.csv --diagnose

    Exit codes: 2 wrong usage, 3 no such file, 4 invalid file.
    """
    left_out = videos_left_out(thumos14_list) if thumos14_list else ()
    texts = {"tiou": tiou, "evaluator": evaluator, "ap": ap, "buckets": buckets}
    numbers = {"bootstrap": bootstrap, "diagnosis_tiou": diagnosis_tiou}
    parsed = {name: parse_field("evaluate", name, t) for name, t in texts.items()}
    config = make_config("soda", {"evaluate": parsed | numbers}).evaluate
    annotated = read_ground_truth(ground_truth, subset)
    matched = match_detections(annotated, read_detections(detections))
    truth, found = exclude(annotated, left_out), exclude(matched, left_out)
    scores = evaluate(truth, found, config).scores
    result = scores.to_json() | {"subset": subset, "left_out": list(left_out)}
    print_evaluation(scores, subset)
    if tell_errors:
        errors = diagnose(truth, found, config, read_durations(ground_truth))
        result["diagnosis"] = errors.to_json()
        print_diagnosis(result["diagnosis"])
    if json:
        write_json(json, result)


def print_diagnosis(diagnosis: dict[str, Any]) -> None:
    """Print three tables: false positives, recall and localization."""
    at = f"at tIoU {diagnosis['tiou']:g}"
    sizes = f"{at}, sizes of {diagnosis['buckets']}"
    for table in (
        _false_positive_table(diagnosis["false_positives"], at),
        _recall_table(diagnosis["recall"], sizes),
        _localization_table(diagnosis["localization"], at),
    ):
        Console().print(table)


def _false_positive_table(profile: dict[str, dict[str, int]], at: str) -> Table:
    """Return a table with a row per kind of detection and a column per rank split."""
    title = f"False positive profile in %, {at}"
    table = Table("", title=title, caption=RANKS, padding=(0, 0, 0, 1))
    for split in profile:
        table.add_column(split, justify="right")
    totals = [sum(counts.values()) for counts in profile.values()]
    for kind in profile["1G"]:
        counts = [split[kind] for split in profile.values()]
        table.add_row(kind.replace("_", " "), *map(percent, counts, totals))
    table.add_row("of detections", *map(str, totals))
    return table


def _recall_table(recall: dict[str, dict[str, dict[str, int]]], at: str) -> Table:
    """Return a table with a row per characteristic and a column per bucket."""
    title = f"Recall in % (of how many instances), {at}"
    table = Table("", title=title, caption=SIZES)
    for bucket in recall["length"]:
        table.add_column(bucket, justify="right")
    for name, buckets in recall.items():
        cells = [
            f"{percent(b['found'], b['of'])} ({b['of']})" for b in buckets.values()
        ]
        table.add_row(name, *cells)
    return table


def _localization_table(counts: dict[str, int], at: str) -> Table:
    """Return a table with a column per state of the instances."""
    table = Table("", title=f"Localization of instances, {at}")
    for state in counts:
        table.add_column(state, justify="right")
    total = sum(counts.values())
    table.add_row("instances", *map(str, counts.values()))
    table.add_row("%", *(percent(count, total) for count in counts.values()))
    return table


def percent(part: int, whole: int) -> str:
    """Format a share in percent with one decimal, or a dash if the whole is 0.

    >>> percent(1, 3), percent(0, 0)
    ('33.3', '–')
    """
    return f"{100 * part / whole:.1f}" if whole else "–"
