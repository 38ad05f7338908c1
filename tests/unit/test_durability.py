"""What is renamed into place is on the disk before, as a loss of power may follow."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from extractors.conversion import save_state
from extractors.transfer import PartialFile
from models.fit import FitState
from pipeline.run.config import make_config
from pipeline.run.work import run_up_to
from pipeline.stages.report import REPORT
from pipeline.storage import write_arrays, write_json
from pipeline.training.fit import save_checkpoint
from pipeline.video.caching import write_flow
from tests.dataset_maker import make_dataset
from tests.run_maker import make_run, run_here

# Of these nothing is lost that the next run would not make anew.
FLEETING = ("state-",)


@pytest.fixture
def renames(monkeypatch):
    """The target of each rename, and whether the file, and then its folder, was synced.

    A file that was opened for writing after it had been synced counts as not synced.
    """
    synced, found = {}, {}
    fsync, replace = os.fsync, os.replace

    def note_sync(handle):
        fsync(handle)
        status = os.fstat(handle)
        synced[status.st_ino] = status.st_mtime_ns
        for target in found:
            if os.stat(Path(target).parent).st_ino == status.st_ino:
                found[target] = (found[target][0], True)

    def note_rename(source, target, **options):
        status = os.stat(source)
        is_synced = synced.get(status.st_ino) == status.st_mtime_ns
        replace(source, target, **options)
        found[str(target)] = (is_synced, False)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_rename)
    monkeypatch.setattr(os, "rename", note_rename)
    return found


def assert_durable(renames, count):
    kept = {
        name: seen
        for name, seen in renames.items()
        if not Path(name).name.startswith(FLEETING)
    }
    assert len(kept) >= count
    assert {name for name, (is_synced, _) in kept.items() if not is_synced} == set()
    return kept


def test_every_file_of_a_work_folder_is_synced_before_its_rename(
    renames, tmp_path, monkeypatch
):
    """All stages, their workers' functions in this process."""
    run_here(monkeypatch)
    changes = {
        "decode": {"short_side": 64},
        "flow": {"algorithm": "farneback"},
        "features": {"streams": "flow", "flow_features": "hof"},
        "train": {"cells": 16, "hidden": 32, "epochs": 2},
    }
    manifest = make_dataset(tmp_path / "data", train=2, test=1)
    run = make_run(manifest, make_config("soda", changes), tmp_path / "work")
    run_up_to(run, REPORT)
    kept = assert_durable(renames, count=30)
    assert all(folder_too for _, folder_too in kept.values())
    files = {str(p) for p in (tmp_path / "work").rglob("*") if p.is_file()}
    written_in_place = {Path(name).name.partition(".")[0] for name in files - set(kept)}
    assert {n for n in written_in_place if not n.startswith(FLEETING)} <= {
        *("log-0", "events"),
        *(Path(name).stem for name in files if name.endswith(".lock")),
    }


def write_part(path):
    part = PartialFile(path.with_name("part"))
    part.path.write_bytes(b"content")
    part.become(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_json(path, {}),
        lambda path: write_arrays(path, {"a": np.zeros(9)}, {}),
        lambda path: write_flow(path, [np.zeros((16, 16, 2), np.uint8)], 25.0, {}),
        lambda path: save_checkpoint(path, "", FitState()),
        lambda path: save_state({"a": torch.zeros(9)}, path, "somewhere"),
        write_part,
    ],
)
def test_every_writer_syncs_what_it_renames(renames, tmp_path, write):
    write(tmp_path / "file.mkv")
    assert_durable(renames, count=1)


def test_what_is_not_synced_would_be_noticed(renames, tmp_path):
    path = tmp_path / "a"
    save_file({"a": torch.zeros(9)}, path)
    path.replace(tmp_path / "b")
    with pytest.raises(AssertionError):
        assert_durable(renames, count=1)
