"""The fingerprints of every stage: a change of one makes everybody's work due again."""

from dataclasses import replace
from pathlib import Path

import pytest

from extractors.weights import Weights
from pipeline.run.config import make_config
from pipeline.run.record import Record
from pipeline.run.work import inputs_digest
from pipeline.stages.features import FEATURES
from pipeline.workfolder.stages import all_stages
from tests.dataset_maker import entry, write_manifest
from tests.run_maker import make_run, with_options

STAGES = {stage.name: stage for stage in all_stages()}

WEIGHTS = {
    part: Weights(Path(f"{part}.safetensors"), f"sha of {part}", "nowhere")
    for part in ("rgb", "flow", "raft")
}
HOF = {"features": {"streams": "flow", "flow_features": "hof"}}
CHANGED = {"decode": {"fps": 10.0}, "points": {"seed": 3}, "train": {"networks": 2}}


def videos(presets="soda", parts=("rgb", "flow"), **changes):
    """A run on videos, with weights that need not be there."""
    run = make_run("d.json", make_config(presets, changes), Path("work"))
    vars(run)["weights"] = {part: WEIGHTS[part] for part in parts}
    return run


def hof(**fields):
    """A run on videos whose features need no weights."""
    return make_run(
        "d.json", make_config("soda", {**HOF, **CHANGED}), Path("w"), **fields
    )


RUNS = {
    "both": videos,
    "changed": lambda: videos("small,soda_plus", **CHANGED),
    "rgb": lambda: videos(parts=["rgb"], features={"streams": "rgb"}),
    "raft": lambda: videos(parts=[*WEIGHTS], flow={"algorithm": "raft"}),
    "refined": lambda: videos(detect={"model": "refined"}),
    "hof": hof,
    "one pass": lambda: hof(cache="features"),
    "compared": lambda: hof(compare_with=Path("other")),
    "imported": lambda: make_run(
        "d.json", make_config("soda", {}), Path("w"), features_dir=Path("theirs")
    ),
    "simulated": lambda: make_run("simulated", make_config("soda", {}), Path("w")),
}

# Work folders of people carry these: change one only together with `FORMAT`.
PINNED = {
    "both": {
        "decode": "e5fff0f02926",
        "flow": "971a0a84e0b4",
        "features": "0f8dea907424",
        "points": "6b37af229442",
        "train": "27e45faa388c",
        "refine": "63e36d1b89bf",
        "detect": "6b572c875b3e",
        "evaluate": "51c5d19cb1ca",
        "report": "51c5d19cb1ca",
        "experiment": "98e565589f18",
    },
    "changed": {
        "decode": "623c06de3bab",
        "flow": "bd2a27b0df74",
        "features": "80ea143897be",
        "points": "90766f626653",
        "train": "3c3ec9549603",
        "refine": "cc0d1eacdec6",
        "detect": "9949d7038610",
        "evaluate": "60e09a344349",
        "report": "60e09a344349",
        "experiment": "a968daede948",
    },
    "rgb": {
        "decode": "e5fff0f02926",
        "features": "ba09730969e8",
        "points": "6b37af229442",
        "train": "7e941f58cdbe",
        "refine": "6fb9cfcd206b",
        "detect": "98db7fd80cb9",
        "evaluate": "51cc9eb4d4fb",
        "report": "51cc9eb4d4fb",
        "experiment": "2a71921e9918",
    },
    "raft": {
        "decode": "e5fff0f02926",
        "flow": "b4c090326422",
        "features": "0a0f458fce06",
        "points": "6b37af229442",
        "train": "723910478251",
        "refine": "4b9da445c679",
        "detect": "6ddbd0c771d0",
        "evaluate": "25dc618ff207",
        "report": "25dc618ff207",
        "experiment": "9b5d6a2e2eaf",
    },
    "refined": {
        "decode": "e5fff0f02926",
        "flow": "971a0a84e0b4",
        "features": "0f8dea907424",
        "points": "6b37af229442",
        "train": "27e45faa388c",
        "refine": "63e36d1b89bf",
        "detect": "030166a32a67",
        "evaluate": "280a6ef6e514",
        "report": "280a6ef6e514",
        "experiment": "751dc48a14d9",
    },
    "hof": {
        "decode": "623c06de3bab",
        "flow": "bd2a27b0df74",
        "features": "6b904d86b426",
        "points": "90766f626653",
        "train": "8c50e0537f33",
        "refine": "586893f1e9ed",
        "detect": "bba43647db33",
        "evaluate": "1c4a1d55c32d",
        "report": "1c4a1d55c32d",
        "experiment": "bb659215159f",
    },
    "one pass": {
        "decode": "623c06de3bab",
        "flow": "bd2a27b0df74",
        "features": "6b904d86b426",
        "points": "90766f626653",
        "train": "8c50e0537f33",
        "refine": "586893f1e9ed",
        "detect": "bba43647db33",
        "evaluate": "1c4a1d55c32d",
        "report": "1c4a1d55c32d",
        "experiment": "bb659215159f",
    },
    "compared": {
        "decode": "623c06de3bab",
        "flow": "bd2a27b0df74",
        "features": "6b904d86b426",
        "points": "90766f626653",
        "train": "8c50e0537f33",
        "refine": "586893f1e9ed",
        "detect": "bba43647db33",
        "evaluate": "1c4a1d55c32d",
        "report": "887864261470",
        "experiment": "bb659215159f",
    },
    "imported": {
        "features": "4bfa315acfd4",
        "points": "034b0f7d0a5a",
        "train": "74af35ee6795",
        "refine": "b69a1d3b8510",
        "detect": "158fa5e361bc",
        "evaluate": "715adde84feb",
        "report": "715adde84feb",
        "experiment": "8e9ad09a3dd5",
    },
    "simulated": {
        "features": "e8f7d7b3255a",
        "points": "cd23000d79a4",
        "train": "15e327b1a659",
        "refine": "3bd89b613b76",
        "detect": "76c8bb0a8027",
        "evaluate": "ed5b5dc40d41",
        "report": "ed5b5dc40d41",
        "experiment": "b6ea7701e26d",
    },
}


@pytest.mark.parametrize("name", RUNS)
def test_no_stage_has_another_fingerprint(name):
    run = RUNS[name]()
    assert {s: STAGES[s].fingerprint(run) for s in PINNED[name]} == PINNED[name]


def test_a_stream_alone_has_the_fingerprint_of_a_run_with_no_other():
    run = hof()
    assert FEATURES.fingerprint(run.with_stream("flow")) == PINNED["hof"]["features"]


# Digests of what the stages are made of, for two videos whose files are not there.
INPUTS = {
    "decode": "3f428bd63fa7",
    "flow": "1aac09ec197d",
    "features": "8be62131e8e8",
    "points": "55c75d2ff811",
    "train": "a21ed4caf097",
    "refine": "58e9468c0488",
    "detect": "fcd59cb2660f",
    "evaluate": "da4fffb96aa9",
    "report": "9e59ab62c709",
    "experiment": "515c8b83ea7c",
}


def test_no_stage_is_made_of_anything_else(tmp_path):
    absent = [
        entry(tmp_path / f"{subset}.mp4", subset, "right", range(5, 50))
        for subset in ("train", "test")
    ]
    run = with_options(hof(), dataset=str(write_manifest(tmp_path, absent)))
    assert {s: inputs_digest(run, STAGES[s]) for s in INPUTS} == INPUTS


def test_no_record_has_another_digest():
    facts = {"frames": 3, "fps": 25.0, "start_seconds": 0.0, "end_seconds": 0.12}
    record = Record(
        stage="decode",
        parameters={"a": 1},
        inputs="x",
        seconds=61.0,
        failed={"b": "why"},
        videos={"v": {**facts, "source_sha256": "ab"}},
    )
    assert record.digest == "1b5468ae7072"
    assert replace(record, videos=None).digest == "98d1557a6c92"
