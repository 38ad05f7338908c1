"""Any damage to a file gives its reader one error, which names the file."""

import csv
import json
import random

import h5py
import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from extractors.checkpoints import read_checkpoint
from extractors.weights import find_weights
from models.fit import FitState
from pipeline.datasets import Point, read_annotations
from pipeline.datasets.manifest import parse_manifest
from pipeline.datasets.table import entries_of_table
from pipeline.detection.detections import Detection, read_detections, write_detections
from pipeline.errors import SodaError
from pipeline.fanout import Item, Ledger
from pipeline.fanout.job import Order, read_items, write_round
from pipeline.features.imported.arrays import (
    FeatureLocation,
    as_sequence,
    forget_arrays,
    read_array,
)
from pipeline.model_folder.folder import load_model
from pipeline.points.formats import read_click_file, read_points, write_points
from pipeline.run.record import Record, read_record, write_record
from pipeline.storage import (
    read_arrays,
    read_header,
    read_json,
    read_json_if_whole,
    write_arrays,
    write_json,
)
from pipeline.training.fit import load_checkpoint, save_checkpoint
from tests.dataset_maker import entry, write_manifest
from tests.model_maker import write_model

ROUNDS = 60  # of damage to each kind of file
VALUES = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)
CLICKS = {"v": [Point(1.0, "jump"), Point(2.5, "background")], "w": []}
FOUND = {"v": [Detection("jump", 0.5, 1.0, 2.0)], "w": []}


def write_array_of_arrays(path):
    arrays = np.empty(2, dtype=object)
    arrays[:] = [VALUES, VALUES[:4]]
    np.save(path, arrays, allow_pickle=True)


def write_hdf5(path):
    with h5py.File(path, "w") as file:
        file["v/c3d_features"] = VALUES


def write_rows(path):
    rows = [["path", "label", "start_seconds", "end_seconds"], [path, "a", 1, 2]]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_one_round(path):
    item = Item("v", (str(path),), str(path), 1.0, {"a": 1})
    write_round(path.parent, Order("s", "f", {}, 0.0), [item], 1)


def write_labels(path):
    label = {"start": 1.0, "end": 2.0, "timeserieslabels": ["jump"]}
    path.write_text(json.dumps([{"video_url": "v.mp4", "tricks": [label]}]))


def array_of(path, key=""):
    forget_arrays()
    return as_sequence_of(read_array(FeatureLocation(path, key)))


def as_sequence_of(array):
    try:
        return as_sequence(array, False)
    except ValueError as error:  # as its caller does
        raise SodaError(str(error)) from error


# The name of a file, how it is written, and how it is read.
KINDS = {
    "npy": ("f.npy", lambda path: np.save(path, VALUES), array_of),
    "npz": ("f.npz", lambda path: np.savez(path, features=VALUES), array_of),
    "packed npz": ("f.npz", lambda p: np.savez_compressed(p, x=VALUES), array_of),
    "array of arrays": (
        *("f.npy", write_array_of_arrays),
        lambda path: array_of(path, "1"),
    ),
    "HDF5": ("f.h5", write_hdf5, lambda path: array_of(path, "v")),
    "safetensors": ("f.safetensors", lambda p: save_file({"x": VALUES}, p), array_of),
    "our arrays": (
        *("f.safetensors", lambda p: write_arrays(p, {"a": VALUES}, {"é": 1})),
        read_arrays,
    ),
    "our header": (
        *("f.safetensors", lambda p: write_arrays(p, {"a": VALUES}, {"é": 1})),
        read_header,
    ),
    "record": (
        *("done.json", lambda p: write_record(p, Record("decode", {"a": 1}, "x", 1.0))),
        read_record,
    ),
    "ledger": (
        "failures/s/v.json",
        lambda path: Ledger(path.parent.parent.parent, "s").record("v", OSError("x")),
        lambda path: Ledger(path.parent.parent.parent, "s").read(),
    ),
    "deaths": (
        "failures/s/deaths/v.json",
        lambda path: Ledger(path.parents[3], "s").blame("v", "v.mp4", "died"),
        lambda path: Ledger(path.parents[3], "s").blame("v", "v.mp4", "died"),
    ),
    "items": (
        *("job/items-0.jsonl", write_one_round),
        lambda path: list(read_items(path.parent, 0)),
    ),
    "JSON": ("a.json", lambda path: write_json(path, {"é": [1, None]}), read_json),
    "plan": ("a.json", lambda path: write_json(path, {"a": 1}), read_json_if_whole),
    "model": (
        *("model.safetensors", lambda path: write_model(path.parent)),
        lambda path: load_model(path.parent),
    ),
    "description": (
        *("config.json", lambda path: write_model(path.parent)),
        lambda path: load_model(path.parent),
    ),
    "checkpoint": (
        *("checkpoint.pt", lambda path: save_checkpoint(path, "", FitState())),
        lambda path: load_checkpoint(path, "", torch.device("cpu")),
    ),
    "weights": (
        *("w.pt", lambda path: torch.save({"a": torch.zeros(9)}, path)),
        read_checkpoint,
    ),
    "converted weights": (
        *("w.safetensors", lambda path: save_file({"x": VALUES}, path)),
        lambda path: find_weights("rgb", path, path.parent),
    ),
    "our clicks": ("p.csv", lambda path: write_points(path, CLICKS), read_points),
    "clicks": ("p.csv", lambda path: write_points(path, CLICKS), read_click_file),
    "labels": ("p.json", write_labels, read_click_file),
    "detections": ("d.json", lambda p: write_detections(p, FOUND), read_detections),
    "table of detections": (
        *("d.csv", lambda path: write_detections(path.with_suffix(".json"), FOUND)),
        read_detections,
    ),
    "annotations": ("d.json", lambda p: write_detections(p, FOUND), read_annotations),
    "manifest": (
        "dataset.json",
        lambda path: write_manifest(
            path.parent, [entry(path.parent / "v.mp4", "train", "down", range(5, 9))]
        ),
        lambda path: parse_manifest(path, read_annotations(path)),
    ),
    "table of videos": (
        *("t.csv", write_rows),
        lambda path: entries_of_table(path, path.parent),
    ),
}


def damaged(content: bytes, choose: random.Random) -> bytes:
    """Damage a file as disks, copies and editors do."""
    place = choose.randrange(len(content))
    some = bytes(choose.randrange(256) for _ in range(choose.choice([1, 1, 4, 40])))
    return choose.choice(
        [
            content[:place],
            content[:place] + some + content[place + len(some) :],
            content[:place] + some + content[place:],
            content[:place] + bytes(len(some)) + content[place + len(some) :],
            content[:place] + content[place + len(some) :],
            content[place:],
            b"[" * 100_000,
            b"",
        ]
    )


@pytest.mark.parametrize("name", KINDS)
def test_no_damage_is_more_than_one_error_of_ours(name, tmp_path):
    relative, write, read = KINDS[name]
    path, choose = tmp_path / relative, random.Random(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    whole, errors = path.read_bytes(), []
    for _ in range(ROUNDS):
        path.write_bytes(damaged(whole, choose))
        try:
            read(path)
        except SodaError as error:
            errors.append(str(error))
    assert all(str(path.parent) in error for error in errors if "(T, D)" not in error)
