"""A figure of mAP against the number of clicks, by how their moments are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.experiments.active_learning import WAYS, Way
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.sheet import Drawing, new_sheet
from pipeline.experiments.summary import AT, Values, csv_text, markdown_table
from pipeline.fanout import Item, Job, run_job
from pipeline.progress import count_of
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import extracted_videos
from pipeline.storage import fingerprint, read_json, write_text

NAME = "figure-active"
TITLE = "mAP against the number of clicks, by how their moments are chosen"
ROUNDS = 4  # the first with one click per video, each later one with one more
# Models have colours that colour-blind readers can distinguish; other ways are grey.
STYLES = {
    "disagreement": ("#0072B2", "o-"),
    "entropy": ("#E69F00", "s-"),
    "margin": ("#009E73", "^-"),
    "borderline": ("#CC79A7", "v-"),
    "confident": ("#D55E00", "D-"),
    "even": ("#000000", "x--"),
    "random": ("#777777", "+:"),
    "segment": ("#777777", "*-."),
}

RoundResults = Mapping[Way, Sequence[Sequence[Mapping[str, Any]]]]  # way, round, seed


@dataclass(frozen=True)
class Line:
    """The results of one way of choosing moments, round by round."""

    way: Way
    clicks: tuple[float, ...]  # total over the videos, mean over the seeds
    average: tuple[Values, ...]  # mAP
    at_half: tuple[Values, ...]  # mAP@.5; empty if not measured


def make_active(experiment: ExperimentRun) -> Drawing:
    """Simulate all rounds in every way with every seed, and draw the figure."""
    lines = summarise_rounds(run_rounds(experiment))
    videos = [v for v in extracted_videos(experiment.run) if v.subset == "train"]
    instances = sum(len(video.instances) for video in videos)
    write_text(experiment.folder / f"{NAME}.md", to_markdown(lines, experiment.note))
    write_text(experiment.folder / f"{NAME}.csv", to_csv(lines))
    trained = count_of(len(videos), "training video")
    counts = f"{trained}, {count_of(instances, 'instance')}"
    numbers = {
        "notes": (*experiment.notes, counts),
        "videos": len(videos),
        "instances": instances,
        "lines": lines,
    }
    return TITLE, draw_active(lines, len(videos), instances), numbers


def run_rounds(experiment: ExperimentRun) -> RoundResults:
    """Return each way's results by round and seed; finished trainings are reused."""
    run = experiment.run
    # Outside the experiment's own folder, so that adding seeds reuses finished rounds.
    made_of = [EVALUATE.identity(run), experiment.inputs]
    folder = experiment.folder.parent / fingerprint(["rounds", made_of])

    def result(way: str, index: int, seed: int) -> Path:
        name = f"{way}-{index}" if index else "first"
        return folder / f"{name}-{seed}.json"

    for index in range(ROUNDS):
        items = [
            Item(
                id=result(way, index, seed).stem,
                inputs=(str(result(way, index - 1, seed)),) if index else (),
                output=str(result(way, index, seed)),
                weight=1.0,
                arguments={"way": way, "seed": seed},
            )
            for way in (WAYS if index else ("",))  # all ways share the first round
            for seed in experiment.seeds
        ]
        job = Job(
            stage="experiment",
            function="pipeline.experiments.active_learning:run_round",
            parameters={"run": run.to_json(experiment.section)},
            items=tuple(items),
            unit="training",
        )
        run_job(job, run.workdir, experiment.resources)
    return {
        way: [
            [read_json(result(way, index, seed)) for seed in experiment.seeds]
            for index in range(ROUNDS)
        ]
        for way in WAYS
    }


def summarise_rounds(results: RoundResults) -> list[Line]:
    """Return the line of each way, with mean and spread over the seeds."""
    lines = []
    for way, rounds in results.items():
        clicks, average, at_half = [], [], []
        for seeds in rounds:
            clicks.append(fmean(sum(map(len, r["clicks"].values())) for r in seeds))
            average.append(Values(tuple(r["average_map"] for r in seeds)))
            if AT in seeds[0]["map"]:
                at_half.append(Values(tuple(r["map"][AT] for r in seeds)))
        lines.append(Line(way, tuple(clicks), tuple(average), tuple(at_half)))
    return lines


def to_markdown(lines: Sequence[Line], note: str) -> str:
    """Return a Markdown table per measure, with a row per way, a column per round."""
    tables = [f"## {TITLE}", note]
    for name, measured in measures(lines).items():
        head = [f"{name}, clicks per video", *map(str, range(1, ROUNDS + 1))]
        body = [[WAYS[line.way], *map(str, values)] for line, values in measured]
        tables.append(markdown_table(head, body))
    return "\n\n".join(tables) + "\n"


def to_csv(lines: Sequence[Line]) -> str:
    """Return the values as CSV, with one line per value for further computation."""
    head = ["way", "round", "clicks", "measure", "mean", "spread", "seeds"]
    body = [
        [line.way, index + 1, round(line.clicks[index], 1), name, *value.csv_cells()]
        for name, measured in measures(lines).items()
        for line, values in measured
        for index, value in enumerate(values)
    ]
    return csv_text([head, *body])


def measures(lines: Sequence[Line]) -> dict[str, list[tuple[Line, tuple[Values, ...]]]]:
    """Return the lines that have each measure, with its values."""
    both = {
        "mAP@.5": [(line, line.at_half) for line in lines if line.at_half],
        "average mAP": [(line, line.average) for line in lines],
    }
    return {name: measured for name, measured in both.items() if measured}


def draw_active(lines: Sequence[Line], videos: int, instances: int) -> Figure:
    """Draw average mAP over clicks per video, with clicks per instance on top."""
    sheet = new_sheet(7.0, 3.6)
    axes = sheet.subplots()
    for line in lines:
        color, style = STYLES[line.way]
        means = [figures.mean for figures in line.average]
        per_video = [count / videos for count in line.clicks]
        axes.plot(per_video, means, style, color=color, label=WAYS[line.way])
    axes.set(xlabel="clicks per video", ylabel="average mAP (%)")
    axes.set_xticks(range(1, ROUNDS + 1))
    sheet.legend(loc="outside right upper", fontsize="x-small")
    ratio = instances / videos
    scales = (lambda x: np.divide(x, ratio), lambda x: np.multiply(x, ratio))
    above = axes.secondary_xaxis("top", functions=scales)
    above.set_xlabel("clicks per instance")
    return sheet
