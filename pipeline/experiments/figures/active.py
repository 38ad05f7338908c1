"""A figure of mAP against the number of clicks, by how their moments are chosen."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.experiments.active_learning import WAYS, Way
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.sheet import new_sheet, publish
from pipeline.experiments.summary import AT, Values
from pipeline.fanout import Item, Job, run_job
from pipeline.run.record import StageResult
from pipeline.run.stage import usable
from pipeline.stages.evaluate import EVALUATE
from pipeline.stages.features import FEATURES
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


def make_active(experiment: ExperimentRun) -> StageResult:
    """Simulate all rounds in every way with every seed, and draw the figure."""
    lines = summarise_rounds(run_rounds(experiment))
    videos = usable(experiment.run, (FEATURES,))
    videos = [v for v in videos if v.subset == "train"]
    instances = sum(len(video.instances) for video in videos)
    counts = f"{len(videos)} training videos, {instances} instances"
    folder, notes = experiment.folder, (*experiment.notes, counts)
    write_text(folder / f"{NAME}.md", to_markdown(lines, experiment.note))
    write_text(folder / f"{NAME}.csv", to_csv(lines))
    sheet = draw_active(lines, len(videos), instances)
    numbers = {"videos": len(videos), "instances": instances, "lines": lines}
    return publish(folder, NAME, TITLE, sheet, numbers, notes)


def run_rounds(experiment: ExperimentRun) -> dict[Way, list[list[dict[str, Any]]]]:
    """Return each way's results by round and seed; finished trainings are reused."""
    # Outside the experiment's own folder, so that adding seeds reuses finished rounds.
    made_of = [EVALUATE.identity(experiment.run), experiment.inputs]
    folder = experiment.folder.parent / fingerprint(["rounds", made_of])
    seeds = experiment.seeds
    first = {seed: folder / f"first-{seed}.json" for seed in seeds}
    run_items(
        experiment, [round_item(path, None, "", seed) for seed, path in first.items()]
    )
    files = {way: [first] for way in WAYS}
    for index in range(1, ROUNDS):
        items = []
        for way, rounds in files.items():
            rounds.append(
                {seed: folder / f"{way}-{index}-{seed}.json" for seed in seeds}
            )
            items += [
                round_item(path, rounds[-2][seed], way, seed)
                for seed, path in rounds[-1].items()
            ]
        run_items(experiment, items)
    return {
        way: [[read_json(path) for path in paths.values()] for paths in rounds]
        for way, rounds in files.items()
    }


def round_item(path: Path, before: Path | None, way: str, seed: int) -> Item:
    """Return the item of one training."""
    return Item(
        id=path.stem,
        inputs=(str(before),) if before else (),
        output=str(path),
        weight=1.0,
        arguments={"way": way, "seed": seed},
    )


def run_items(experiment: ExperimentRun, items: Sequence[Item]) -> None:
    """Run the trainings of one round in parallel."""
    run = experiment.run
    job = Job(
        stage="experiment",
        function="pipeline.experiments.active_learning:run_round",
        parameters={"run": run.to_json(experiment.section)},
        items=tuple(items),
        unit="trainings",
    )
    run_job(job, run.workdir, experiment.resources)


def summarise_rounds(results: RoundResults) -> list[Line]:
    """Return the line of each way, with mean and spread over the seeds."""
    return [
        Line(
            way,
            tuple(
                fmean(sum(map(len, result["clicks"].values())) for result in seeds)
                for seeds in rounds
            ),
            tuple(Values(tuple(r["average_map"] for r in seeds)) for seeds in rounds),
            tuple(
                Values(tuple(r["map"][AT] for r in seeds))
                for seeds in rounds
                if AT in seeds[0]["map"]
            ),
        )
        for way, rounds in results.items()
    ]


def to_markdown(lines: Sequence[Line], note: str) -> str:
    """Return a Markdown table per measure, with a row per way, a column per round."""
    tables = [f"## {TITLE}", note]
    for name, values in measures(lines).items():
        counts = [f"{count}" for count in range(1, ROUNDS + 1)]
        head = [f"{name}, clicks per video", *counts]
        body = [
            [WAYS[way], *(str(figures) for figures in row)]
            for way, row in values.items()
        ]
        rows = [head, ["---"] * len(head), *body]
        tables.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(tables) + "\n"


def to_csv(lines: Sequence[Line]) -> str:
    """Return the values as CSV, with one line per value for further computation."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["way", "round", "clicks", "measure", "mean", "spread", "seeds"])
    clicks = {line.way: line.clicks for line in lines}
    for name, values in measures(lines).items():
        for way, row in values.items():
            for index, figures in enumerate(row):
                mean, spread = round(figures.mean, 4), round(figures.spread, 4)
                seeds = " ".join(map(str, figures.values))
                count = round(clicks[way][index], 1)
                writer.writerow([way, index + 1, count, name, mean, spread, seeds])
    return text.getvalue()


def measures(lines: Sequence[Line]) -> dict[str, dict[Way, tuple[Values, ...]]]:
    """Return the measured values, by measure and way."""
    both = {
        "mAP@.5": {line.way: line.at_half for line in lines if line.at_half},
        "average mAP": {line.way: line.average for line in lines},
    }
    return {name: values for name, values in both.items() if values}


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
