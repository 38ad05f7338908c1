"""One colour per class, the same on every page of a report."""

from pipeline.datasets import BACKGROUND
from pipeline.report.data import RunReport

# As many as style.css defines. Further classes reuse them and differ by their label.
NUM_COLOURS = 7


def colours(report: RunReport) -> dict[str, str]:
    """Return the CSS class of each label, in the order in which labels are listed.

    Labels that only the ground truth has come after those that the model knows;
    background is last.
    """
    scored = report.evaluation.classes if report.evaluation else {}
    seen = set(scored).union(*(video.labels for video in report.videos))
    labels = [*report.classes, *sorted(seen - set(report.classes))]
    names = {label: f"colour-{i % NUM_COLOURS}" for i, label in enumerate(labels)}
    return names | {BACKGROUND: "colour-background"}
