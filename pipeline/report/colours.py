"""One colour a class, the same on every page of a report."""

from pipeline.datasets import BACKGROUND
from pipeline.report.data import Report

# As many as style.css defines. Beyond that colours repeat, and the labels tell.
NUM_COLOURS = 7


def colours(report: Report) -> dict[str, str]:
    """The style-sheet class of each label, in the order in which labels are listed.

    Labels that the model does not know, as ground truth may hold them, come after
    those it knows; background is the last.
    """
    scored = report.evaluation.classes if report.evaluation else {}
    seen = set(scored).union(*(video.labels for video in report.videos))
    labels = [*report.classes, *sorted(seen - set(report.classes))]
    names = {label: f"colour-{i % NUM_COLOURS}" for i, label in enumerate(labels)}
    return names | {BACKGROUND: "colour-background"}
