import csv
import io
from dataclasses import replace

import pytest

from pipeline.errors import UsageError
from pipeline.evaluation.oddities import Oddities
from pipeline.evaluation.scores import Scores, VideoCounts
from pipeline.experiments.summary import (
    Values,
    summarise,
    to_csv,
    to_latex,
    to_markdown,
    write_summary,
)
from pipeline.experiments.tables import LAMBDAS, TABLES, Row, Table
from pipeline.run.config import PRESETS, make_config
from pipeline.run.experiment_config import ExperimentConfig

TABLE = Table(
    "table-0", "Two rows", (Row("a_b & c", {}, 35.6), Row("other", {"train": {}}))
)

SCORES = Scores(
    evaluator="activitynet",
    ap="interpolated",
    videos=VideoCounts(scored=1, of=1, unlisted=0),
    oddities=Oddities({}, 0, 0, 0),
    map={},
    average_map=0.0,
    bootstrap=None,
    classes={},
)


def result(at_half, average):
    return replace(SCORES, map={"0.5": at_half}, average_map=average)


RESULTS = {
    "a_b & c": [result(30.0, 40.0), result(34.0, 44.0)],
    "other": [result(1.0, 2.0), result(1.0, 2.0)],
}


@pytest.mark.parametrize("table", [*TABLES.values(), LAMBDAS], ids=lambda t: t.name)
def test_every_row_is_a_configuration_of_its_own(table):
    configs = [make_config("soda", row.changes) for row in table.rows]
    assert len(set(configs)) == len(configs)
    assert len({row.label for row in table.rows}) == len(configs)


def test_the_paper_s_numbers_are_those_of_the_method():
    assert [row.paper for row in TABLES[4].rows] == [19.5, 25.8, 33.5, 25.1, 35.6]
    assert [row.paper for row in TABLES[5].rows] == [20.4, 29.2, 35.6]
    assert [row.paper for row in TABLES[6].rows] == [33.5, 35.6, None, None, None]


def test_every_table_has_the_method_itself_once():
    soda = make_config("soda", {})
    for table in (*TABLES.values(), LAMBDAS):
        whole = [r for r in table.rows if make_config("soda", r.changes) == soda]
        assert [row.paper for row in whole] == [35.6]


def test_mean_and_spread_by_hand():
    figures = Values((1.0, 2.0, 3.0))
    assert (figures.mean, figures.spread, str(figures)) == (2.0, 1.0, "2.0 ± 1.0")
    assert Values((5.0,)).spread == 0


def test_a_summary_says_mean_spread_and_the_paper_s_number():
    rows = summarise(TABLE, RESULTS)
    text = to_markdown(TABLE.title, rows, "Of nothing.")
    assert "| a_b & c | 32.0 ± 2.8 | 42.0 ± 2.8 | 35.6 |" in text
    assert "| other | 1.0 ± 0.0 | 2.0 ± 0.0 |  |" in text


def test_every_seed_stands_in_the_csv():
    lines = list(csv.DictReader(io.StringIO(to_csv(summarise(TABLE, RESULTS)))))
    assert lines[0]["seeds"] == "30.0 34.0"
    assert [line["measure"] for line in lines] == ["mAP@.5", "average mAP"] * 2
    assert [line["paper"] for line in lines] == ["35.6", "", "", ""]


def test_latex_sets_what_it_would_take_for_commands():
    text = to_latex("50 % of_it", summarise(TABLE, RESULTS), "A & B #1.")
    assert r"50 \% of\_it. A \& B \#1." in text
    assert r"a\_b \& c & 32.0 $\pm$ 2.8 & 42.0 $\pm$ 2.8 & 35.6 \\" in text


def test_without_the_paper_s_threshold_its_column_stays_empty(tmp_path):
    scores = replace(SCORES, map={"0.75": 1.0}, average_map=2.0)
    results = {label: [scores] for label in RESULTS}
    rows = summarise(TABLE, results)
    write_summary(tmp_path, TABLE, rows, "")
    assert "| other |  | 2.0 ± 0.0 |  |" in (tmp_path / "table-0.md").read_text()
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".csv", ".md", ".tex"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"table": 3}, "--table 3: expected one of 4, 5, 6, 7, 8, 9"),
        ({"figure": "1"}, "--figure 1: expected one of 5, 8, 9, 11, 12, active"),
        ({"table": 4, "figure": "8"}, "one at a time"),
        ({"table": 4, "seeds": 0}, "--seeds 0: expected at least 1"),
    ],
)
def test_what_is_not_there_is_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        ExperimentConfig(**fields)


def test_presets_change_nothing_of_experiments():
    assert all("experiment" not in preset for preset in PRESETS.values())
