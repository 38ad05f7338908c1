"""A drawing of one video: ground truth, clicks, detections, activations (Fig. 13)."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.datasets import BACKGROUND, Instance, Point
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.detection.proposals import normalise
from pipeline.experiments.figures.sequence_panels import GAP, STRIP, draw_bars
from pipeline.experiments.figures.sheet import BLUE, ORANGE, new_sheet

GREY = "#767676"
# The lower ends of the strips below the activations.
ROWS = {
    name: -(GAP + STRIP) * place
    for place, name in enumerate(("truth", "clicks", "found"), start=1)
}


def show(
    detections: Sequence[Detection],
    response: Response | None = None,
    ground_truth: Sequence[Instance] = (),
    clicks: Sequence[Point] = (),
    title: str = "",
) -> Figure:
    """Draw one video, with one panel per class above a common time axis.

    The opacity of a detection shows its score relative to the highest. Clicks on
    background appear in every panel. Without the model's response, no class activation
    sequences are drawn.
    """
    known = {instance.label for instance in ground_truth}
    known |= {d.label for d in detections} | {click.label for click in clicks}
    labels = sorted(known - {BACKGROUND}) or [_strongest(response)]
    sheet = new_sheet(7.5, 0.8 + 1.4 * len(labels))
    panels = sheet.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    best = max((d.score for d in detections), default=1.0)
    for axes, label in zip(panels, labels, strict=True):
        if response:
            _draw_curves(axes, response, label)
        for i in ground_truth:
            if i.label == label:
                span = (i.start_seconds, i.end_seconds)
                draw_bars(axes, [span], ROWS["truth"], "black")
        for click in clicks:
            if click.label in (label, BACKGROUND):
                _draw_click(axes, click)
        for d in detections:
            if d.label == label:
                span, alpha = (d.start_seconds, d.end_seconds), max(d.score / best, 0.1)
                draw_bars(axes, [span], ROWS["found"], BLUE.color, alpha)
        ticks = [bottom + STRIP / 2 for bottom in ROWS.values()]
        axes.set_yticks([0, 1, *ticks], ["0", "1", *ROWS], fontsize="x-small")
        axes.set_ylim(min(ROWS.values()) - GAP, 1.05 if response else 0)
        axes.set_ylabel(label, fontsize="x-small")
    if response:
        panels[0].set_xlim(response.grid.start_seconds, response.grid.end_seconds)
        panels[0].legend(fontsize="x-small", loc="upper right", ncols=2)
    panels[-1].set_xlabel("seconds")
    sheet.suptitle(title, fontsize="small")
    return sheet


def _strongest(response: Response | None) -> str:
    """Return the class with the best video score, or "" without a response."""
    if response is None:
        return ""
    return response.classes[int(response.prediction.video_scores[1:].argmax())]


def _draw_click(axes: Axes, click: Point) -> None:
    marker, color = ("^", "black") if click.kind == "action" else ("o", GREY)
    middle = ROWS["clicks"] + STRIP / 2
    axes.plot(click.seconds, middle, marker, color=color, markersize=4)


def _draw_curves(axes: Axes, response: Response, label: str) -> None:
    """Draw the sequences of a class and of background, each scaled to [0, 1]."""
    cas, seconds = response.prediction.cas, response.cell_seconds
    background = normalise(cas[0])
    axes.plot(seconds, background, ":", color=GREY, linewidth=1, label=BACKGROUND)
    if label in response.classes:
        own = normalise(cas[1 + response.classes.index(label)])
        axes.plot(seconds, own, color=ORANGE.color, linewidth=1.2, label="the class")
