"""A figure of how training concentrates temporal softmax weights (Fig. 8)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from pipeline.datasets import Video
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.concentration import Example, Trace, trace_training
from pipeline.experiments.figures.sheet import INKS, Drawing, draw_band, new_sheet
from pipeline.features.file import read_features
from pipeline.grid import SnippetGrid
from pipeline.run.config import changed
from pipeline.run.run import Run
from pipeline.run.work import run_stage
from pipeline.stages.features import FEATURES, extracted_videos
from pipeline.stages.fitting import read_samples
from pipeline.stages.points import POINTS

TITLE = "Weights of the temporal softmax over training (Fig. 8)"
AGGREGATIONS = {"temporal softmax": "temporal_softmax", "top-k mean": "topk_mean"}
MEASURE = (
    "Softmax over time of the master's responses for the classes present in each "
    "training video, with the first seed. Entry e of a list was measured after e "
    "epochs. Share: exp(entropy) / T."
)
EXAMPLE_INSTANCES = 4  # of the shown video, or the nearest available number
EXAMPLE_TIMES = (0.05, 0.25, 1.0)  # shown after these shares of the training
LEAST_WEIGHT = 1e-3  # times T; lower weights are drawn at this height

Traces = Mapping[str, Trace]


class Shown(NamedTuple):
    """The video and class whose weights are shown."""

    video: Video
    label: str
    grid: SnippetGrid


def make_temporal_softmax(experiment: ExperimentRun) -> Drawing:
    """Train with both aggregations, measure the weights per epoch, and draw."""
    run = experiment.run
    run_stage(run, POINTS)
    samples = read_samples(run)
    place, shown = choose_example(run)
    label = run.dataset.classes.index(shown.label)
    example = Example(place, label, example_epochs(run.config.train.epochs))
    traces, device = {}, torch.device(run.device)
    for name, aggregation in AGGREGATIONS.items():
        config = changed(run.config, {"train": {"aggregation": aggregation}})
        traces[name] = trace_training(samples, config.train, device, example)
    numbers = {
        "measure": MEASURE,
        "example": {
            "video": shown.video.id,
            "class": shown.label,
            "instances": shown.video.instances,
        },
        "traces": traces,
    }
    return TITLE, draw_figure(traces, shown), numbers


def choose_example(run: Run) -> tuple[int, Shown]:
    """Return a video with its most frequent class, and its index in the samples."""
    videos = [v for v in extracted_videos(run) if v.subset == "train"]
    labelled = [place for place, video in enumerate(videos) if video.labels]
    place = min(
        labelled, key=lambda p: abs(len(videos[p].instances) - EXAMPLE_INSTANCES)
    )
    video = videos[place]
    names = [instance.label for instance in video.instances]
    _, grid = read_features(FEATURES.video_file(run, video.id))
    return place, Shown(video, max(video.labels, key=names.count), grid)


def example_epochs(epochs: int) -> list[int]:
    """Return the epochs after which the example is shown.

    >>> example_epochs(150), example_epochs(2)
    ([8, 38, 150], [1, 2])
    """
    return sorted({max(1, round(share * epochs)) for share in EXAMPLE_TIMES})


def draw_figure(traces: Traces, shown: Shown) -> Figure:
    """Draw the course of both measures, and the example's weights below."""
    sheet = new_sheet(7.5, 5.0)
    top, bottom = sheet.subplots(2, 2)
    shares = {name: trace.effective_shares for name, trace in traces.items()}
    _draw_course(top[0], shares, "effective share of T")
    largest = {name: trace.largest_weights for name, trace in traces.items()}
    _draw_course(top[1], largest, "largest weight")
    for axes, (name, trace) in zip(bottom, traces.items(), strict=True):
        _draw_example(axes, trace, shown)
        axes.set_title(f"trained with the {name}", fontsize="medium")
    return sheet


def _draw_course(
    axes: Axes, courses: Mapping[str, Sequence[dict[str, Any]]], ylabel: str
) -> None:
    """Draw the median over the videos, in a band between the quartiles."""
    for ink, (name, course) in zip(INKS, courses.items(), strict=False):
        quartiles = np.transpose([seen["quartiles"] for seen in course])
        draw_band(axes, range(len(course)), quartiles, ink, label=name)
    axes.set(xlabel="epochs", ylabel=ylabel)
    set_logarithmic(axes)
    axes.legend(fontsize="small")


def _draw_example(axes: Axes, trace: Trace, shown: Shown) -> None:
    for instance in shown.video.instances:
        if instance.label == shown.label:
            span = (instance.start_seconds, instance.end_seconds)
            axes.axvspan(*span, color="0.85", linewidth=0)
    for ink, (epoch, weights) in zip(INKS, trace.example.items(), strict=False):
        cells = len(weights)
        seconds = shown.grid.cell_seconds(cells)
        heights = np.maximum(np.array(weights) * cells, LEAST_WEIGHT)
        label = f"epoch {epoch}"
        axes.plot(seconds, heights, ink.line, color=ink.color, linewidth=1, label=label)
    axes.set(xlabel=f"seconds; grey: {shown.label}", ylabel="weight × T")
    set_logarithmic(axes)
    axes.legend(fontsize="small")


def set_logarithmic(axes: Axes) -> None:
    """Make the y-axis logarithmic, with ticks at 1, 2, 5 in plain numbers.

    The axis may span less than a decade, where the default ticks are too sparse.
    """
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
