import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.datasets.thumos14 import LEFT_OUT
from pipeline.detection.detections import Detection, read_detections
from pipeline.errors import AnnotationError
from pipeline.evaluation import (
    EvaluateConfig,
    class_average_precision,
    evaluate,
    exclude,
    read_ground_truth,
)

TIOUS = (0.3, 0.5, 0.7)
DEFAULT = EvaluateConfig(TIOUS)
HALF = EvaluateConfig((0.5,))


def detection(label, score, start, end):
    return Detection(label, score, start, end)


def test_autolocs_published_figures_come_out(shared_data):
    folder = shared_data / "evaluation"
    truth = read_ground_truth(folder / "autoloc_thumos14_ground_truth.json", "test")
    found = read_detections(folder / "autoloc_thumos14_detections.json")
    evaluation = evaluate(
        truth, found, EvaluateConfig(tuple(n / 10 for n in range(1, 10)))
    )
    published = [0.467, 0.417, 0.358, 0.290, 0.212, 0.134, 0.058, 0.016, 0.002]
    np.testing.assert_array_equal(evaluation.mean_average_precision.round(3), published)
    assert evaluation.to_json()["videos"] == {"scored": 210, "of": 210, "unlisted": 3}


def test_the_three_thumos14_lists_have_their_lengths(shared_data):
    path = shared_data / "thumos14" / "gt_basnet.json"
    truth = dict(read_ground_truth(path, "test"))
    truth |= {id: () for id in LEFT_OUT["210"]}
    for name, excluded in LEFT_OUT.items():
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
    ap = evaluate(truth, found, DEFAULT).average_precision["a"]
    np.testing.assert_allclose(ap, expected)


def test_an_instance_is_found_once():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("a", 0.9, 0, 10), detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, HALF).average_precision["a"] == 1.0


def test_a_detection_takes_the_instance_that_is_free():
    truth = {"v": [Instance("a", 0, 10), Instance("a", 0, 9)]}
    found = {"v": [detection("a", 0.9, 0, 10), detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, HALF).average_precision["a"] == 1.0


def test_a_detection_in_a_video_without_the_class_is_false():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("b", 0, 10)]}
    found = {"w": [detection("a", 0.9, 0, 10)], "v": [detection("a", 0.8, 0, 10)]}
    assert evaluate(truth, found, HALF).average_precision["a"] == 0.5


def test_classes_that_the_subset_lacks_are_ignored():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("z", 1.0, 0, 10), detection("a", 0.5, 0, 10)]}
    evaluation = evaluate(truth, found, HALF)
    assert list(evaluation.average_precision) == ["a"]
    assert evaluation.mean_average_precision == 1.0


def test_a_video_that_was_not_processed_counts_as_found_empty():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("a", 0, 10)]}
    evaluation = evaluate(truth, {"v": [detection("a", 0.5, 0, 10)]}, HALF)
    assert evaluation.average_precision["a"] == 0.5
    assert evaluation.to_json()["videos"] == {"scored": 1, "of": 2, "unlisted": 0}


def test_figures_are_percentages_under_plain_keys():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("a", 0.5, 0, 6)]}
    result = evaluate(truth, found, DEFAULT).to_json()
    assert result["map"] == {"0.3": 100.0, "0.5": 100.0, "0.7": 0.0}
    assert result["average_map"] == pytest.approx(66.6667)


def test_no_ground_truth_is_an_error_and_no_detections_are_zero():
    with pytest.raises(AnnotationError, match="expected action instances"):
        evaluate({"v": []}, {}, DEFAULT)
    assert evaluate({"v": [Instance("a", 0, 1)]}, {}, DEFAULT).to_json()["map"] == {
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
    assert evaluate(truth, found, DEFAULT).to_json()["average_map"] == 100


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
    forward = evaluate(truth, {"v": found}, DEFAULT).mean_average_precision
    assert (np.diff(forward) <= 1e-12).all()
    if len(scores) == len(extra):  # ties are broken by the order
        backward = evaluate(truth, {"v": found[::-1]}, DEFAULT).mean_average_precision
        np.testing.assert_allclose(forward, backward)


def slow_average_precision(truth, found, label, threshold, kind):
    """ActivityNet's rule, step by step."""
    ranked = [(id, d) for id, ds in found.items() for d in ds if d.label == label]
    ranked.sort(key=lambda pair: -pair[1].score)
    taken, hits = set(), []
    for id, d in ranked:
        best, best_overlap = None, 0.0
        for place, instance in enumerate(truth.get(id, [])):
            overlap = slow_tiou(d, instance)
            free = instance.label == label and (id, place) not in taken
            if free and overlap > best_overlap:
                best, best_overlap = (id, place), overlap
        hits.append(best_overlap >= threshold)
        if hits[-1]:
            taken.add(best)
    count = sum(i.label == label for instances in truth.values() for i in instances)
    precision = [sum(hits[: k + 1]) / (k + 1) for k in range(len(hits))]
    if kind == "interpolated":
        precision = [max(precision[k:]) for k in range(len(hits))]
    return sum(p for p, hit in zip(precision, hits, strict=True) if hit) / count


def slow_tiou(a, b):
    start, end = (
        max(a.start_seconds, b.start_seconds),
        min(a.end_seconds, b.end_seconds),
    )
    shared = max(end - start, 0)
    lengths = a.end_seconds - a.start_seconds + b.end_seconds - b.start_seconds
    return shared / (lengths - shared)


found_videos = st.dictionaries(
    st.sampled_from(["v", "w", "elsewhere"]),
    st.lists(st.tuples(st.sampled_from("abz"), spans, st.integers(0, 9)), max_size=12),
)


@given(videos, found_videos, st.sampled_from(["interpolated", "plain"]))
def test_a_slow_reference_gives_the_same(drawn, drawn_found, kind):
    truth = {
        id: [Instance(label, s, s + n) for label, (s, n) in found]
        for id, found in drawn.items()
    }
    found = {
        id: [detection(label, score, s, s + n) for label, (s, n), score in items]
        for id, items in drawn_found.items()
    }
    evaluation = evaluate(truth, found, EvaluateConfig(TIOUS, ap=kind))
    for label, precision in evaluation.average_precision.items():
        expected = [slow_average_precision(truth, found, label, t, kind) for t in TIOUS]
        np.testing.assert_allclose(precision, expected, rtol=1e-12)


def test_ambiguous_segments_are_no_class():
    truth = {"v": [Instance("a", 0, 10), Instance("Ambiguous", 20, 30)]}
    found = {"v": [detection("Ambiguous", 0.9, 20, 30), detection("a", 0.5, 0, 10)]}
    evaluation = evaluate(truth, found, HALF)
    assert list(evaluation.average_precision) == ["a"]
    assert evaluation.mean_average_precision == 1.0
    with pytest.raises(AnnotationError, match="expected action instances"):
        evaluate({"v": [Instance("Ambiguous", 0, 1)]}, found, HALF)


def test_plain_precision_is_the_mean_over_the_instances_found():
    truth = {"v": [Instance("a", 0, 10), Instance("a", 20, 30)]}
    found = {"v": [detection("a", 0.9, 50, 60), detection("a", 0.8, 0, 10)]}
    found["v"].append(detection("a", 0.7, 20, 30))
    plain = evaluate(truth, found, EvaluateConfig((0.5,), ap="plain"))
    assert plain.average_precision["a"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert plain.to_json()["ap"] == "plain"
    assert evaluate(truth, found, HALF).average_precision["a"] == pytest.approx(2 / 3)


def test_one_class_alone_is_scored_by_activitynets_rule():
    truth = {"v": [Instance("a", 0, 10)]}
    found = {"v": [detection("a", 0.9, 50, 60), detection("a", 0.8, 0, 5)]}
    precision = class_average_precision(truth, found, TIOUS)
    np.testing.assert_array_equal(precision, [0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    ("field", "value"),
    [("tiou", ()), ("tiou", (0.0,)), ("diagnosis_tiou", 1.1), ("bootstrap", 3)],
)
def test_a_parameter_out_of_its_range_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        EvaluateConfig(**{field: value})
