import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.detections import Detection, read_detections
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.evaluation import (
    THUMOS14_EXCLUDED,
    evaluate,
    exclude,
    interpolated_precision,
    read_ground_truth,
)

TIOUS = (0.3, 0.5, 0.7)


def detection(label, score, start, end):
    return Detection(label, score, start, end)


def test_autolocs_published_figures_come_out(shared_data):
    folder = shared_data / "evaluation"
    truth = read_ground_truth(folder / "autoloc_thumos14_ground_truth.json", "test")
    found = read_detections(folder / "autoloc_thumos14_detections.json")
    evaluation = evaluate(truth, found, tuple(n / 10 for n in range(1, 10)))
    published = [0.467, 0.417, 0.358, 0.290, 0.212, 0.134, 0.058, 0.016, 0.002]
    np.testing.assert_array_equal(evaluation.mean_average_precision.round(3), published)
    assert (evaluation.scored, evaluation.of, evaluation.unlisted) == (210, 210, 3)


def test_the_three_thumos14_lists_have_their_lengths(shared_data):
    path = shared_data / "thumos14" / "gt_basnet.json"
    truth = dict(read_ground_truth(path, "test"))
    truth |= {id: () for id in THUMOS14_EXCLUDED["210"]}
    for name, excluded in THUMOS14_EXCLUDED.items():
        assert len(exclude(truth, excluded)) == int(name)


def test_average_precision_by_hand():
    truth = {"v": [Instance("a", 0, 10), Instance("a", 20, 30)]}
    found = {
        "v": [
            detection("a", 0.9, 0, 10),  # hit
            detection("a", 0.8, 50, 60),  # miss
            detection("a", 0.7, 20, 30),  # hit
        ]
    }
    # Precision 1 up to recall .5, then 2/3.
    expected = 0.5 * 1 + 0.5 * 2 / 3
    ap = evaluate(truth, found, TIOUS).average_precision["a"]
    np.testing.assert_allclose(ap, expected)


def test_an_instance_is_found_once():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("a", 0.9, 0, 10), detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, (0.5,)).average_precision["a"] == 1.0
    assert interpolated_precision(np.array([True, False]), 1) == 1.0


def test_a_detection_takes_the_instance_that_is_free():
    truth = {"v": [Instance("a", 0, 10), Instance("a", 0, 9)]}
    found = {"v": [detection("a", 0.9, 0, 10), detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, (0.5,)).average_precision["a"] == 1.0


def test_a_detection_in_a_video_without_the_class_is_false():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("b", 0, 10)]}
    found = {"w": [detection("a", 0.9, 0, 10)], "v": [detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, (0.5,)).average_precision["a"] == 0.5


def test_classes_that_the_subset_lacks_are_ignored():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("z", 1.0, 0, 10), detection("a", 0.5, 0, 10)]}
    evaluation = evaluate(truth, found, (0.5,))
    assert list(evaluation.average_precision) == ["a"]
    assert evaluation.mean_average_precision == 1.0


def test_a_video_that_was_not_processed_counts_as_found_empty():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("a", 0, 10)]}
    evaluation = evaluate(truth, {"v": [detection("a", 0.5, 0, 10)]}, (0.5,))
    assert (evaluation.scored, evaluation.of) == (1, 2)
    assert evaluation.average_precision["a"] == 0.5
    assert evaluation.to_json()["videos"] == {"scored": 1, "of": 2, "unlisted": 0}


def test_figures_are_percentages_under_plain_keys():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("a", 0.5, 0, 6)]}
    result = evaluate(truth, found, TIOUS).to_json()
    assert result["map"] == {"0.3": 100.0, "0.5": 100.0, "0.7": 0.0}
    assert result["average_map"] == pytest.approx(66.6667)


def test_no_ground_truth_is_an_error_and_no_detections_are_zero():
    with pytest.raises(AnnotationError, match="no instance"):
        evaluate({"v": []}, {}, TIOUS)
    assert evaluate({"v": [Instance("a", 0, 1)]}, {}, TIOUS).to_json()["map"] == {
        "0.3": 0.0,
        "0.5": 0.0,
        "0.7": 0.0,
    }


spans = st.tuples(st.integers(0, 50), st.integers(1, 20))
videos = st.dictionaries(
    st.sampled_from(["v", "w"]),
    st.lists(st.tuples(st.sampled_from("ab"), spans), min_size=1, max_size=5),
    min_size=1,
)


@given(videos)
def test_the_ground_truth_itself_scores_one_hundred(drawn):
    truth = {
        id: [Instance(label, s, s + n) for label, (s, n) in found]
        for id, found in drawn.items()
    }
    found = {
        id: [detection(i.label, 1.0, i.start_seconds, i.end_seconds) for i in items]
        for id, items in truth.items()
    }
    assert evaluate(truth, found, TIOUS).to_json()["average_map"] == 100


@given(
    videos,
    st.lists(st.tuples(st.sampled_from("ab"), spans, st.floats(0, 1)), max_size=9),
)
def test_precision_falls_with_the_threshold_and_ignores_the_order(drawn, extra):
    truth = {
        id: [Instance(label, s, s + n) for label, (s, n) in found]
        for id, found in drawn.items()
    }
    scores = {score for *_, score in extra}
    found = [detection(label, score, s, s + n) for label, (s, n), score in extra]
    forward = evaluate(truth, {"v": found}, TIOUS).mean_average_precision
    assert (np.diff(forward) <= 1e-12).all()
    if len(scores) == len(extra):  # ties are broken by the order
        backward = evaluate(truth, {"v": found[::-1]}, TIOUS).mean_average_precision
        np.testing.assert_allclose(forward, backward)


def test_times_may_be_strings_and_files_may_have_a_byte_order_mark(tmp_path):
    path = tmp_path / "gt.json"
    path.write_text(
        '\ufeff{"database": {"v": {"subset": "test", "annotations": '
        '[{"segment": ["1.5", "2"], "label": "a"}]}}}',
        encoding="utf-8",
    )
    assert read_ground_truth(path, "test") == {"v": (Instance("a", 1.5, 2.0),)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "expected a JSON file"),
        ("[]", "expected .* found something else"),
        ('{"database": {}}', "no subset 'test'; the file has: none"),
        ('{"database": {"v": {"subset": "val"}}}', "the file has: val"),
        (
            '{"database": {"v": {"subset": "test", "annotations": [{"label": 1}]}}}',
            "v: expected annotations as",
        ),
        ('{"database": {"v": 1, "v": 2}}', "duplicate id"),
    ],
)
def test_bad_ground_truth_is_named(tmp_path, content, message):
    path = tmp_path / "gt.json"
    path.write_text(content)
    with pytest.raises(AnnotationError, match=message) as caught:
        read_ground_truth(path, "test")
    assert str(path) in str(caught.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="no such file"):
        read_ground_truth(tmp_path / "x.json", "test")
    with pytest.raises(InputNotFoundError, match="no such file"):
        read_detections(tmp_path / "x.json")
