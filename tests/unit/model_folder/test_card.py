"""What a model folder says of itself, before and after it is evaluated."""

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig, diagnose, evaluate
from pipeline.model_folder.card import supervision, write_scores
from pipeline.run.config import (
    PRESETS,
    flag_text,
    make_config,
    parse_field,
    section_type,
)
from pipeline.run.reproduce import command_of
from pipeline.storage import fingerprint, read_json
from tests.dataset_maker import entry, write_manifest
from tests.model_maker import MADE_OF, write_model
from tests.run_maker import make_run, with_options

CONFIG = EvaluateConfig(tiou=(0.3, 0.5))


def scores():
    """Of one instance a class, of which one is found."""
    truth = {"v": (Instance("jump", 1, 2), Instance("squat", 3, 4))}
    found = {"v": [Detection("jump", 0.9, 1, 2)]}
    return {
        **evaluate(truth, found, CONFIG).to_json(),
        "diagnosis": diagnose(truth, found, CONFIG, {"v": 5.0}).to_json(),
        "subset": "test",
        "seed": 0,
    }


def card(folder):
    """The machine's part of a card, and people's."""
    _, head, text = (folder / "README.md").read_text().split("---\n", 2)
    return json.loads(head), text


def test_a_card_says_what_a_stranger_needs_to_know(tmp_path):
    write_model(tmp_path)
    head, text = card(tmp_path)
    assert head["pipeline_tag"] == "video-classification"
    assert head["datasets"] == ["tiny"] and "model-index" not in head
    assert "3 of 4 training videos" in text and "11 single-frame clicks" in text
    assert "5 of actions and 6 of background (by hand)" in text
    assert fingerprint(MADE_OF) in text
    assert "luigi --module tasks Evaluate --dataset tiny" in text
    assert "surveillance" in text and "Not evaluated yet" in text
    assert "@article" in text


def test_an_evaluation_completes_the_card_and_a_training_takes_it_back(tmp_path):
    write_model(tmp_path)
    before = (tmp_path / "README.md").read_text()
    write_scores(tmp_path, scores())
    head, text = card(tmp_path)
    (result,) = head["model-index"][0]["results"]
    assert [m["name"] for m in result["metrics"]] == ["mAP@0.3", "mAP@0.5"]
    assert [m["value"] for m in result["metrics"]] == [50.0, 50.0]
    assert "on 1 of 1 test video," in text
    # The weakest class first, below all of them.
    rows = re.findall(r"^\| (\w+) \|", text, re.M)
    assert rows == ["tIoU", "all", "squat", "jump"]
    assert "1 well" in text and "1 missed" in text
    assert read_json(tmp_path / "metrics.json")["map"] == {"0.3": 50.0, "0.5": 50.0}
    write_model(tmp_path)
    assert (tmp_path / "README.md").read_text() == before
    assert not (tmp_path / "metrics.json").exists()


def test_people_who_clicked_are_counted_and_labels_alone_are_said():
    clicks = {"action": 2, "background": 1}
    description = {
        "training_videos": {"used": 2, "of": 2},
        "clicks": {"origin": "a.json", "clicks": clicks, "annotators": {"ada": 2}},
        "train": {"frame_loss": "softmax", "seed": 0},
    }
    assert "(a.json; videos by annotator: ada 2)" in supervision(description)
    description["train"]["frame_loss"] = "none"
    assert "clicks" not in supervision(description)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_command_of_a_run_gives_its_configuration_again(preset):
    config = make_config(preset, {"train": {"seed": 3}})
    run = make_run("my data/dataset.json", config, Path("work"))
    words = shlex.split(command_of(run))
    assert words[:6] == [
        *("luigi", "--module", "tasks", "Evaluate"),
        *("--dataset", "my data/dataset.json"),
    ]
    flags = dict(zip(words[6::2], words[7::2], strict=True))
    assert flags.pop("--preset") == "soda"
    changes = {}
    for section in ("points", "train", "ensemble", "detect", "evaluate"):
        for field in fields(section_type(section)):
            if (flag := flag_text(section, field.name)) in flags:
                value = parse_field(section, field.name, flags.pop(flag))
                changes.setdefault(section, {})[field.name] = value
    assert not flags
    assert make_config("soda", changes) == config


def test_the_command_names_where_clicks_and_features_come_from(tmp_path):
    config = make_config("demo", {"features": {"streams": "rgb"}})
    manifest = write_manifest(
        tmp_path, [entry(tmp_path / "v.mp4", "train", "right", range(5))]
    )
    clicks = tmp_path / "clicks.json"
    run = make_run(manifest, config, Path("work"), features_dir=Path("theirs"))
    assert "--points-file" not in command_of(run) and "--gap-seconds" in command_of(run)
    points = [{"seconds": 0.1, "label": "right"}]
    clicks.write_text(json.dumps([{"video": {"id": "v"}, "points": points}]))
    for options in ({}, {"points_file": str(clicks)}):
        words = command_of(with_options(run, points_fps=30.0, **options))
        flags = f"--features-dir theirs --points-file {clicks} --points-fps 30.0"
        assert flags in words
        assert words.endswith("--streams rgb") and "--gap-seconds" not in words
