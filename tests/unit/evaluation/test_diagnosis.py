import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.errors import AnnotationError
from pipeline.evaluation import EvaluateConfig, diagnose, evaluate

STATES = ("well", "joint", "over", "under", "missed")


def state_of(instances, *segments, tiou=0.5):
    """The state of the one instance, or those of several, of class a in one video."""
    truth = {"v": [Instance("a", *times) for times in instances]}
    found = {"v": [Detection("a", 1 / n, *s) for n, s in enumerate(segments, start=1)]}
    config = EvaluateConfig(diagnosis_tiou=tiou)
    counts = diagnose(truth, found, config).localization
    states = [state for state in STATES for _ in range(counts[state])]
    return states if len(instances) > 1 else states[0]


@pytest.mark.parametrize(
    ("segment", "state"),
    [
        ((10, 20), "well"),
        ((10, 15), "well"),  # tIoU .5
        ((10, 14.9), "under"),
        ((12, 14), "under"),
        ((0, 10), "missed"),  # ends where the instance starts
        ((0, 40), "over"),
        ((9, 30.1), "over"),
        ((17, 28), "over"),  # longer, so more is beside the instance than left out
        ((17, 27), "under"),  # as long as the instance
        ((19, 21), "under"),
    ],
)
def test_an_instance_is_judged_by_the_detection_on_it(segment, state):
    assert state_of([(10, 20)], segment) == state


def test_the_best_scored_of_its_detections_decides():
    assert state_of([(10, 20)], (0, 40), (10, 20)) == "over"
    assert state_of([(10, 20)], (50, 60), (10, 20)) == "well"


def test_no_detection_of_the_class_is_a_miss():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("b", 0, 10)]}
    found = {"v": [Detection("b", 0.9, 0, 10)], "w": [Detection("a", 0.9, 0, 10)]}
    assert diagnose(truth, found).localization["missed"] == 2


def test_one_detection_on_two_neighbours_is_joint():
    assert state_of([(10, 20), (25, 35)], (10, 35)) == ["joint", "joint"]
    assert state_of([(10, 20), (20, 30)], (10, 30)) == ["well", "well"]
    assert state_of([(10, 20), (20, 30)], (10, 30), tiou=0.6) == ["joint", "joint"]


def test_a_long_instance_may_be_well_localized_where_its_neighbour_is_joint():
    assert state_of([(0, 20), (22, 26)], (0, 26)) == ["well", "joint"]


def test_a_neighbour_of_which_less_than_half_is_covered_is_not_joined():
    assert state_of([(10, 20), (35, 55)], (0, 44)) == ["over", "over"]
    assert state_of([(10, 20), (35, 55)], (0, 45)) == ["joint", "joint"]


def test_two_annotations_of_one_moment_are_no_neighbours():
    assert state_of([(10, 20), (10, 19)], (0, 40)) == ["over", "over"]


@pytest.mark.parametrize(
    ("segment", "kind"),
    [
        ((0, 10), "double_detection"),
        ((0, 5), "double_detection"),  # tIoU .5
        ((40, 49), "wrong_label"),
        ((0, 30), "localization"),
        ((0, 100), "localization"),  # tIoU .1 with both
        ((40, 70), "confusion"),
        ((0, 101), "background"),
        ((80, 90), "background"),
    ],
)
def test_each_kind_of_false_positive(segment, kind):
    truth = {"v": [Instance("a", 0, 10), Instance("b", 40, 50)]}
    found = {"v": [Detection("a", 0.9, 0, 10), Detection("a", 0.8, *segment)]}
    profile = diagnose(truth, found).to_json()["false_positives"]
    assert profile["1G"] == dict.fromkeys(profile["1G"], 0) | {"true_positive": 1}
    assert profile["2G"] == dict.fromkeys(profile["2G"], 0) | {kind: 1}


def test_a_detection_in_a_video_without_instances_is_background():
    truth = {"v": [Instance("a", 0, 10)]}
    profile = diagnose(truth, {"w": [Detection("a", 0.9, 0, 10)]}).to_json()
    assert profile["false_positives"]["1G"]["background"] == 1


def test_an_instance_annotated_with_two_classes_is_no_wrong_label():
    truth = {"v": [Instance("CliffDiving", 0, 10), Instance("Diving", 0, 10)]}
    times = {"v": [Detection("Diving", score, 0, 10) for score in (0.9, 0.8)]}
    profile = diagnose(truth, times).to_json()["false_positives"]
    assert profile["2G"]["double_detection"] == 1


def test_the_kits_rule_counts_neither_ignored_nor_just_reached():
    truth = {"v": [Instance("a", 0, 10), Instance("Ambiguous", 50, 60)]}
    found = {"v": [Detection("a", 0.9, 50, 60), Detection("a", 0.8, 0, 5)]}
    config = EvaluateConfig(evaluator="thumos")
    profile = diagnose(truth, found, config).to_json()["false_positives"]
    assert profile["1G"] == dict.fromkeys(profile["1G"], 0) | {"localization": 1}
    assert sum(profile["2G"].values()) == 0


def recall(truth, found, durations=None, **config):
    diagnosis = diagnose(truth, found, EvaluateConfig(**config), durations)
    return {
        name: {bucket: tuple(r) for bucket, r in buckets.items() if r.of}
        for name, buckets in diagnosis.recall.items()
    }


def test_instances_are_sorted_by_size():
    truth = {"v": [Instance("a", 0, 3), Instance("a", 10, 16.5)], "w": []}
    found = {"v": [Detection("a", 0.9, 0, 3)]}
    assert recall(truth, found, {"v": 100.0}) == {
        "coverage": {"S": (1, 1), "L": (0, 1)},
        "length": {"XS": (1, 1), "M": (0, 1)},
        "instances": {"S": (1, 2)},
    }
    assert recall(truth, found, {"v": 10.0}, buckets="activitynet") == {
        "coverage": {"S": (1, 1), "L": (0, 1)},
        "length": {"XS": (1, 2)},
        "instances": {"S": (1, 2)},
    }


def test_instances_are_counted_by_class_and_video():
    truth = {
        "v": [Instance("a", 0, 3), Instance("b", 0, 3)],
        "w": [Instance("a", 0, 3)],
    }
    assert recall(truth, {})["instances"] == {"XS": (0, 3)}


def test_coverage_needs_the_length_of_the_video():
    truth = {"v": [Instance("a", 0, 3)], "w": [Instance("a", 0, 3)]}
    assert recall(truth, {})["coverage"] == {}
    assert recall(truth, {}, {"w": 3.0})["coverage"] == {"XL": (0, 1)}


@pytest.mark.parametrize(("wrong", "found"), [(18, 1), (19, 0)])
def test_an_instance_among_too_many_false_positives_is_not_found(wrong, found):
    truth = {"v": [Instance("a", 0, 3)]}
    times = {"v": [Detection("a", 0.9, 50, 60)] * wrong + [Detection("a", 0.5, 0, 3)]}
    assert recall(truth, times)["length"] == {"XS": (found, 1)}


def test_what_cannot_be_scored_cannot_be_diagnosed():
    with pytest.raises(AnnotationError, match="expected action instances"):
        diagnose({"v": []}, {})


spans = st.tuples(st.integers(0, 60), st.integers(0, 25))
labels = st.sampled_from(["a", "b", "Ambiguous"])
truths = st.lists(st.tuples(st.sampled_from("vw"), labels, spans), max_size=12)
founds = st.lists(
    st.tuples(st.sampled_from("vwx"), labels, spans, st.integers(0, 5)), max_size=30
)


@given(truths, founds, st.sampled_from(["activitynet", "thumos"]))
def test_the_counts_add_up(drawn, drawn_found, evaluator):
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("b", 5, 9)]}
    found = {"v": [], "w": [], "x": []}
    for id, label, (s, n) in drawn:
        truth[id].append(Instance(label, s, s + n))
    for id, label, (s, n), score in drawn_found:
        found[id].append(Detection(label, float(score), s, s + n))
    config = EvaluateConfig((0.5,), evaluator=evaluator)
    result = diagnose(truth, found, config, {"v": 99.0, "w": 99.0}).to_json()
    count = sum(i.label != "Ambiguous" for listed in truth.values() for i in listed)
    assert sum(result["localization"].values()) == count
    for buckets in result["recall"].values():
        assert sum(bucket["of"] for bucket in buckets.values()) == count
        assert all(0 <= bucket["found"] <= bucket["of"] for bucket in buckets.values())
    splits = [sum(kinds.values()) for kinds in result["false_positives"].values()]
    known = sum(d.label != "Ambiguous" for listed in found.values() for d in listed)
    assert sum(splits) <= known and splits == sorted(splits, reverse=True)
    if evaluator == "activitynet" and known <= 10:  # none is ignored or beyond 10G
        assert sum(splits) == known


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1))
def test_the_ground_truth_itself_is_free_of_errors(drawn):
    truth, start = [], 0
    for gap, length in drawn:
        truth.append(Instance("a", start + gap, start + gap + length))
        start += gap + length
    found = {"v": [Detection("a", 0.5, i.start_seconds, i.end_seconds) for i in truth]}
    diagnosis = diagnose({"v": truth}, found)
    assert diagnosis.localization["well"] == len(truth)
    assert diagnosis.false_positives[0].tolist() == [len(truth), 0, 0, 0, 0, 0]
    assert all(r.found == r.of for r in diagnosis.recall["length"].values())


def test_a_false_positive_count_agrees_with_the_evaluation():
    truth = {"v": [Instance("a", 0, 10), Instance("a", 20, 30)]}
    found = {"v": [Detection("a", 0.9, 0, 10), Detection("a", 0.8, 40, 50)]}
    assert evaluate(truth, found, EvaluateConfig((0.5,))).mean_average_precision == 0.5
    (first, *_) = diagnose(truth, found).false_positives
    assert first.tolist() == [1, 0, 0, 0, 0, 1]
