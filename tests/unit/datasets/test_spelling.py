"""How people spell subsets, background and labels."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.spelling import (
    is_background,
    label_text,
    own_subset_names,
    parse_classes,
    split_of,
    subset_names,
    warn_of_numbers,
)
from pipeline.errors import UsageError

SPELLINGS = {
    "train": ["train", "training", "train set", "training_set", "TrainVideos"],
    "validation": ["val", "valid", "validation", "Validation-Set"],
    "test": ["test", "testing", "test split", "TestData"],
}
cases = st.sampled_from([str, str.upper, str.title, str.capitalize, " {} ".format])


@given(st.sampled_from([(s, n) for s in SPELLINGS for n in SPELLINGS[s]]), cases)
def test_every_spelling_of_a_subset_means_it(spelling, case):
    split, name = spelling
    assert split_of(case(name)) == split


@pytest.mark.parametrize(
    "name", ["", "latest", "tester", "trainer", "trains", "valley", "contest", "value"]
)
def test_other_words_mean_no_subset(name):
    assert split_of(name) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["Train", "TEST"], ["train", "test"]),
        (["train", "Training", "Val"], ["train", "train", "test"]),
        (["Validation", "Test"], ["train", "test"]),
        (["validation"], ["train"]),
    ],
)
def test_validation_stands_in_for_the_subset_that_is_not_there(found, expected):
    assert subset_names(found) == dict(zip(found, expected, strict=True))
    assert own_subset_names(found) == subset_names(found)


def test_testing_videos_are_left_out_of_benchmarks_but_not_of_own_data():
    three = ["training", "validation", "testing"]
    assert "testing" not in subset_names(three)
    with pytest.raises(ValueError, match="three: 'testing', 'training', 'validation'"):
        own_subset_names(three)


@given(st.sampled_from(["background", "bg", "none", "no action", "no_action"]), cases)
def test_every_spelling_of_background_is_recognised(name, case):
    assert is_background(case(name))
    with pytest.raises(UsageError, match="leave out 'background'"):
        parse_classes(f"pour,{case(name)}")


@given(st.integers(-(10**6), 10**6))
def test_whole_numbers_are_one_label(number):
    assert label_text(number) == label_text(float(number)) == str(number)


@pytest.mark.parametrize(
    "text", ["null", '["a"]', '""', '" "', "true", "false", "{}", "NaN", "Infinity"]
)
def test_what_is_no_label_is_named_with_its_path(text):
    with pytest.raises(ValueError, match=r"^\$\.a\[0\]\.label: expected a label") as e:
        label_text(json.loads(text), "a", 0, "label")
    assert str(e.value).endswith(text)


def test_labels_that_are_numbers_are_said(caplog):
    with caplog.at_level(logging.WARNING, "soda"):
        warn_of_numbers(Path("a.json"), ["jump", 3, 3.0, 2.5, 3])
        warn_of_numbers(Path("b.json"), ["jump", "3"])
    assert caplog.messages == [
        "a.json: the labels 2.5, 3, 3.0 are numbers; they are read as the classes "
        "'2.5', '3'"
    ]
