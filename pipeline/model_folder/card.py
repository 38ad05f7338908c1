"""The README of a model folder: what a person who finds it needs to know."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.evaluation import Scores
from pipeline.storage import fingerprint, plain, read_json, write_json, write_text

PAPER = """\
@article{soda2021,
  title = {{SODA}: Weakly Supervised Temporal Action Localization Based on Astute
           Background Response and Self-Distillation Learning},
  author = {Zhao and Han and Yang and Wang and Zhang},
  journal = {International Journal of Computer Vision},
  year = {2021}
}"""
LICENCE = """\
The code that made this model is under the MIT licence. Of the model itself nothing is
said: whoever shares it states a licence that the terms of its videos, of its clicks and
of the weights of its features allow, here and in the first lines of this file."""
USE = """\
To find when these actions happen in untrimmed videos like those it was trained on:
for research, for search in archives, for a first pass that a person checks. A score
orders detections, and is no probability."""
LIMITS = """\
- Trained from clicks, it was never told where an action begins or ends.
- It knows no other actions: in a video without any of its own it may find some.
- Other cameras, places and people than those of the training videos lower its scores
  to a degree that nobody has measured.
- It is not fit for surveillance, nor for any decision about a person."""


def model_card(
    description: Mapping[str, Any], scores: Mapping[str, Any] | None = None
) -> str:
    """A model's card, as Hugging Face reads it and as people do.

    Args:
        description: The model's `config.json`.
        scores: Its `metrics.json`; None while it is not evaluated.
    """
    features = json.dumps(description["made_of"], indent=2, ensure_ascii=False)
    head = json.dumps(front_matter(description, scores), indent=2, ensure_ascii=False)
    return f"""---
{head}
---

# SODA trained on {description["dataset"]}

Finds {", ".join(description["classes"])} in untrimmed videos:

    soda detect VIDEO --model THIS_FOLDER

## Intended use

{USE}

## Training

{supervision(description)}

    {description["command"]}

Made with {made_with(description["versions"])}.
`config.json` holds all parameters, `metrics.jsonl` the loss terms of each epoch and
`events` the same for TensorBoard.

## Results

{results(scores)}

## Limits

{LIMITS}

## Features

The model takes features with the fingerprint
`{fingerprint(description["made_of"])}` and refuses others:

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


def made_with(versions: Mapping[str, str]) -> str:
    """The versions that matter to whoever makes it again."""
    named = ("soda-localizer", "commit", "python", "torch")
    return ", ".join(f"{name} {versions[name]}" for name in named if name in versions)


def front_matter(
    description: Mapping[str, Any], scores: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What machines read of the card, as JSON, which YAML takes as it is."""
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
    """How many videos were trained on, with how many clicks of which kind by whom."""
    videos, clicks = description["training_videos"], description["clicks"]
    of = f"{videos['used']} of {videos['of']} training videos, with video labels"
    if description["train"]["frame_loss"] == "none":
        return f"On {of} alone."
    counts = clicks["clicks"]
    people = [f"{name} {count}" for name, count in clicks.get("annotators", {}).items()]
    whose = f"; videos by annotator: {', '.join(people)}" if people else ""
    return (
        f"On {of} and {sum(counts.values())} single-frame clicks, {counts['action']} "
        f"of actions and {counts['background']} of background ({clicks['origin']}"
        f"{whose}). Seed {description['train']['seed']}."
    )


def results(scores: Mapping[str, Any] | None) -> str:
    """Return the scores as tables, the weakest class first."""
    if scores is None:
        return "Not evaluated yet: Evaluate adds its scores here and in `metrics.json`."
    known, diagnosis = Scores.from_json(scores), scores["diagnosis"]
    intro = (
        f"mAP in percent, by the {known.evaluator} rule, on {known.videos.scored} of "
        f"{known.videos.of} {scores['subset']} videos; one training, seed "
        f"{scores['seed']}. `metrics.json` holds all parameters."
    )
    states = ", ".join(f"{n} {state}" for state, n in diagnosis["localization"].items())
    localized = f"Instances at tIoU {diagnosis['tiou']:g}, by how they are localized"
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
    """Add a model's scores to its folder: `metrics.json`, and the card with them."""
    write_json(folder / "metrics.json", plain(scores))
    description = read_json(folder / "config.json")
    if "versions" in description:  # older models do not tell what a card needs
        write_text(folder / "README.md", model_card(description, scores))
