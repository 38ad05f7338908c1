"""An evaluation as a table in the terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.evaluation.scores import ByThreshold, Scores
from pipeline.progress import count_of, say


def print_evaluation(scores: Scores, subset: str, notes: Sequence[str] = ()) -> None:
    """Print the scores: a row for each class, a column for each tIoU threshold.

    The notes are sentences that a reader needs to compare the scores.
    """
    table = Table(
        title=f"Average precision in %, {scores.evaluator} rule, "
        f"{scores.videos.scored} of {count_of(scores.videos.of, f'{subset} video')}",
        caption="\n".join([f"{scores.ap} average precision", *notes]),
    )
    table.add_column("class")
    for name in scores.map:
        table.add_column(f"@{name}", justify="right")
    table.add_column("mean", justify="right")
    for label, values in scores.classes.items():
        _add_row(table, label, values, sum(values.values()) / len(values))
    table.add_section()
    _add_row(table, "mAP", scores.map, scores.average_map)
    if bounds := scores.bootstrap:
        _add_row(table, "95 % from", bounds.low, bounds.average_low)
        _add_row(table, "to", bounds.high, bounds.average_high)
    Console().print(table)
    for sentence in warnings_of(scores):
        say(sentence)


def _add_row(table: Table, name: str, values: ByThreshold, mean: float) -> None:
    table.add_row(name, *(f"{value:.1f}" for value in [*values.values(), mean]))


def warnings_of(scores: Scores) -> Iterator[str]:
    """Yield what a reader of the scores must know about their input."""
    odd = scores.oddities
    if count := scores.videos.unlisted:
        videos = count_of(
            count, "video with detections is", "videos with detections are"
        )
        yield (
            f"{videos} not in the ground truth; by this rule their detections count as "
            "false positives"
        )
    if unknown := odd.unknown_classes:
        ignored = count_of(sum(unknown.values()), "detection")
        yield (
            f"ignored: {ignored} of classes that are not in the ground truth "
            f"({', '.join(sorted(unknown))})"
        )
    if count := odd.empty_detections:
        yield count_of(
            count,
            "detection has no length and counts as a false positive",
            "detections have no length and count as false positives",
        )
    if count := odd.early_detections:
        yield count_of(
            count,
            "detection starts before 0 s and is scored as it is",
            "detections start before 0 s and are scored as they are",
        )
    if count := odd.empty_instances:
        instances = count_of(count, "instance")
        yield f"{instances} of the ground truth without length: not findable"


def localization_line(diagnosis: dict[str, Any]) -> str:
    """Return how many instances are mislocalized, and in which way, from the JSON."""
    counts = diagnosis["localization"]
    shown = ", ".join(f"{count} {state}" for state, count in counts.items())
    total = count_of(sum(counts.values()), "instance")
    return f"localization at tIoU {diagnosis['tiou']:g}: {shown}, of {total}"
