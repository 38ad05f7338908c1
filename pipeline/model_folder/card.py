"""The model card: the README of a model folder, for anyone who finds it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.evaluation import Scores
from pipeline.model_folder.newest import CARD
from pipeline.progress import count_of
from pipeline.storage import (
    fingerprint,
    plain,
    read_json,
    whole,
    write_json,
    write_text,
)

PAPER = """\
@article{soda2021,
  title = {{SODA}: Weakly Supervised Temporal Action Localization Based on Astute
           Background Response and Self-Distillation Learning},
  author = {Zhao and Han and Yang and Wang and Zhang},
  journal = {International Journal of Computer Vision},
  year = {2021}
}"""
LICENCE = """\
The code that trained this model is released under the MIT licence. No licence has been
chosen for the model itself. Before you share it, choose one that is compatible with the
terms of the training videos, the clicks and the pretrained weights of the feature
extractor. State it here and in the metadata at the top of this file."""
USE = """\
Use this model to find when these actions happen in untrimmed videos similar to its
training videos: for research, to search archives, or for a first pass that a person
checks. Scores rank detections; they are not probabilities."""
LIMITS = """\
- The model was trained without the start and end times of any action.
- It knows no other actions, and may report its own in a video that has none of them.
- Expect lower scores for cameras, places and people that are not in the training
  videos. This effect has not been measured.
- It is not suitable for surveillance, or for any decision about a person."""

SOFTWARE = ("soda-localizer", "commit", "python", "torch")  # to train the model again


def model_card(
    description: Mapping[str, Any], scores: Mapping[str, Any] | None = None
) -> str:
    """Return a model's card, for people and for Hugging Face.

    The content is that of `config.json` and, once it is evaluated, `metrics.json`.
    """
    features = json.dumps(description["made_of"], indent=2, ensure_ascii=False)
    head = json.dumps(front_matter(description, scores), indent=2, ensure_ascii=False)
    versions = description["versions"]
    software = [f"{name} {versions[name]}" for name in SOFTWARE if name in versions]
    return f"""---
{head}
---

# SODA trained on {description["dataset"]}

This model finds the following actions in untrimmed videos:
{", ".join(description["classes"])}.

    soda detect VIDEO --model THIS_FOLDER

## Intended use

{USE}

## Training

{supervision(description)}

    {description["command"]}

Software: {", ".join(software)}.
`config.json` holds all parameters, and `metrics.jsonl` the loss terms of each epoch.
`events` holds the same loss terms for TensorBoard.

## Results

{results(scores)}

## Limits

{LIMITS}

## Features

The model only accepts features with the fingerprint
`{fingerprint(description["made_of"])}`, which have these parameters:

```json
{features}
```

## Licence

{LICENCE}

## Citation

```bibtex
{PAPER}
```
"""


def front_matter(
    description: Mapping[str, Any], scores: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the card's metadata. It is written as JSON, which is valid YAML."""
    card: dict[str, Any] = {
        "license": "other",
        "library_name": "soda-localizer",
        "pipeline_tag": "video-classification",
        "tags": ["temporal-action-localization", "weakly-supervised"],
        "datasets": [description["dataset"]],
        "metrics": ["mean_average_precision"],
    }
    if scores:
        metrics = [
            {"type": "mean_average_precision", "name": f"mAP@{tiou}", "value": value}
            for tiou, value in scores["map"].items()
        ]
        task = {"type": "video-classification", "name": "Temporal action localization"}
        dataset = {"type": description["dataset"], "name": description["dataset"]}
        result = {"task": task, "dataset": dataset, "metrics": metrics}
        card["model-index"] = [{"name": "SODA", "results": [result]}]
    return card


def supervision(description: Mapping[str, Any]) -> str:
    """Return a sentence on the training videos, their clicks and the annotators."""
    videos, clicks = description["training_videos"], description["clicks"]
    given = count_of(videos["of"], "training video")
    of = f"{videos['used']} of {given} with their video labels"
    if description["train"]["frame_loss"] == "none":
        return f"Trained on {of} only."
    counts = clicks["clicks"]
    people = [f"{name} {count}" for name, count in clicks.get("annotators", {}).items()]
    whose = f"; videos by annotator: {', '.join(people)}" if people else ""
    return (
        f"Trained on {of} and "
        f"{count_of(sum(counts.values()), 'single-frame click')}: "
        f"{counts['action']} of actions and {counts['background']} of background "
        f"({clicks['origin']}{whose}). Seed {description['train']['seed']}."
    )


def results(scores: Mapping[str, Any] | None) -> str:
    """Return the scores as tables, the weakest class first."""
    if scores is None:
        return (
            "Not evaluated yet. `Evaluate` adds the scores here and to `metrics.json`."
        )
    known, diagnosis = Scores.from_json(scores), scores["diagnosis"]
    intro = (
        f"mAP in percent by the {known.evaluator} rule, on {known.videos.scored} of "
        f"{count_of(known.videos.of, scores['subset'] + ' video')}, from one training "
        f"with seed {scores['seed']}. `metrics.json` holds all parameters."
    )
    states = ", ".join(f"{n} {state}" for state, n in diagnosis["localization"].items())
    localized = f"Localization of the instances at tIoU {diagnosis['tiou']:g}"
    return "\n".join([intro, "", *_table(known), "", f"{localized}: {states}."])


def _table(scores: Scores) -> Iterator[str]:
    tious = list(scores.map)
    yield f"| tIoU | {' | '.join(tious)} |"
    yield "|---" * (len(tious) + 1) + "|"
    classes = scores.classes
    weakest = sorted(classes, key=lambda name: sum(classes[name].values()))
    for name, row in [("all", scores.map), *((n, classes[n]) for n in weakest)]:
        yield f"| {name} | {' | '.join(f'{row[tiou]:.1f}' for tiou in tious)} |"


def write_scores(folder: Path, scores: Mapping[str, Any]) -> None:
    """Write a model's scores to `metrics.json`, and its card with the scores."""
    write_json(folder / "metrics.json", plain(scores))
    with whole(folder / "config.json"):
        description = read_json(folder / "config.json")
    if "versions" in description:  # older models do not record what a card needs
        write_text(folder / CARD, model_card(description, scores))
