"""The paper's tables, and a refined model, as commands."""

import csv
import re

import pytest

from pipeline.storage import read_json
from tests.command.commands import QUICK, luigi
from tests.conftest import ROOT
from tests.finished import CACHES, copy_run

pytestmark = pytest.mark.slow

SHORT = [*QUICK, "--epochs", "5"]


@pytest.fixture(scope="module")
def folder(finished, tmp_path_factory):
    """A dataset whose features are there, and no model."""
    return copy_run(finished, tmp_path_factory.mktemp("world"), *CACHES)


def run(folder, task, *more):
    places = ["--dataset", folder / "data" / "dataset.json", "--workdir"]
    return luigi(task, *places, folder / "work", *SHORT, *more, cwd=folder)


def test_a_table_trains_its_rows_once_and_is_written_in_three_forms(folder):
    done = run(folder, "Experiment", "--table", "5", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    assert "Clicks (Table 5)" in done.stdout and "29.2" in done.stdout
    assert "experiment: 6 trainings, done before: 0, to do: 6" in done.stderr
    work = folder / "work"
    assert {path.suffix for path in work.glob("experiments/*/table-5.*")} == {
        *(".md", ".csv", ".tex"),
    }
    models = {path.parent for path in work.glob("models/*/model.safetensors")}
    assert len(models) == 6
    (table,) = work.glob("experiments/*/table-5.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    whole = [r for r in rows if r["row"] == "on both" and r["measure"] == "mAP@.5"]
    assert len(whole[0]["seeds"].split()) == 2

    # The row that is the method itself is the run that anybody starts by hand.
    done = run(folder, "Evaluate")
    assert done.returncode == 0 and "Nothing to do" in done.stderr
    assert {p.parent for p in work.glob("models/*/model.safetensors")} == models
    again = run(folder, "Experiment", "--table", "5", "--seeds", "2")
    assert "Nothing to do" in again.stderr and "Clicks" in again.stdout


def test_ensembles_need_no_training_of_their_own(folder):
    done = run(folder, "Experiment", "--table", "7", "--seeds", "1")
    assert done.returncode == 0, done.stderr
    assert "experiment: 2 trainings" in done.stderr
    (table,) = (folder / "work").glob("experiments/*/table-7.md")
    assert len(table.read_text().splitlines()) == 4 + 2 + 9
    apart = [
        path
        for path in (folder / "work").glob("models/*/config.json")
        if read_json(path)["train"]["distillation_weight"] == 0
    ]
    assert len(apart) == 1


def experiments():
    """The tables and figures of the page of results that no other test makes."""
    page = (ROOT / "docs/results.md").read_text()
    page = page.replace("for figure in 5 8 9 11 12; do experiment --figure $figure", "")
    named = re.findall(r"experiment (--table|--figure) (\w+)", page)
    figures = [("--figure", number) for number in ("5", "8", "9", "11", "12")]
    return sorted({*named, *figures} - {("--table", "5"), ("--table", "7")})


@pytest.mark.parametrize(("kind", "name"), experiments())
def test_every_experiment_of_the_page_of_results_can_be_made(folder, kind, name):
    more = ("--epochs", "1", "--seeds", "1")
    done = run(folder, "Experiment", kind, name, *more)
    assert done.returncode == 0, done.stderr
    suffixes = {"--table": {".md", ".csv", ".tex"}, "--figure": {".pdf", ".png"}}
    stem = f"{kind.removeprefix('--')}-{name}"
    made = {path.suffix for path in folder.glob(f"work/experiments/*/{stem}.*")}
    assert made >= suffixes[kind]


def test_a_refined_model_detects_beside_the_first(folder):
    done = run(folder, "Evaluate", "--model", "refined")
    assert done.returncode == 0, done.stderr
    first = len(list((folder / "work").glob("models/*/model.safetensors")))
    again = run(folder, "RefineSODA")
    assert again.returncode == 0 and "Nothing to do" in again.stderr
    records = map(read_json, (folder / "work").glob("models/*/done.json"))
    assert "refine" in {entry["record"]["stage"] for entry in records}
    assert len(list((folder / "work").glob("models/*/model.safetensors"))) == first


def test_an_experiment_without_a_number_says_what_is_missing(folder):
    done = run(folder, "Experiment")
    assert done.returncode == 2
    assert "expected --table (4, 5" in done.stderr
