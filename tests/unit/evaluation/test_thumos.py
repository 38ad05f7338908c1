from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig, evaluate

THRESHOLDS = (0.2, 0.5, 0.8)


def precision_of(truth, found, thresholds=(0.5,), ap="auto"):
    config = EvaluateConfig(thresholds, evaluator="thumos", ap=ap)
    return evaluate({"v": truth}, {"v": found}, config).average_precision["a"].tolist()


def test_a_threshold_must_be_exceeded():
    truth, found = [Instance("a", 0, 10)], [Detection("a", 0.9, 0, 5)]
    assert precision_of(truth, found, (0.49, 0.5)) == [1.0, 0.0]
    by_activitynet = evaluate({"v": truth}, {"v": found}, EvaluateConfig((0.5,)))
    assert by_activitynet.mean_average_precision == 1.0


def test_an_instance_takes_its_best_detection_and_not_the_first():
    found = [Detection("a", 0.9, 0, 7), Detection("a", 0.5, 0, 10)]
    assert precision_of([Instance("a", 0, 10)], found) == [0.5]


def test_a_detection_that_an_earlier_instance_took_is_gone():
    truth = [Instance("a", 0, 10), Instance("a", 0, 9)]
    assert precision_of(truth, [Detection("a", 0.9, 0, 9)]) == [0.5]


def test_precision_is_plain_unless_asked_otherwise():
    truth = [Instance("a", 0, 10), Instance("a", 20, 30)]
    times = [(50, 60), (0, 10), (20, 30)]
    found = [Detection("a", 1 / rank, *t) for rank, t in enumerate(times, start=1)]
    assert precision_of(truth, found) == [(1 / 2 + 2 / 3) / 2]
    assert precision_of(truth, found, ap="interpolated") == [2 / 3]


def test_ambiguous_segments_excuse_false_positives_only():
    truth = [Instance("a", 0, 10), Instance("Ambiguous", 8, 30)]
    hit, excused = Detection("a", 0.5, 0, 10), Detection("a", 0.9, 29, 90)
    wrong = Detection("a", 0.7, 30, 90)  # touches it at an end, and shares no time
    assert precision_of(truth, [hit]) == [1.0]
    assert precision_of(truth, [excused, hit]) == [1.0]
    assert precision_of(truth, [excused, wrong, hit]) == [0.5]


def test_an_ambiguous_segment_of_another_video_excuses_nothing():
    truth = {"v": [Instance("a", 0, 10)], "w": [Instance("Ambiguous", 20, 30)]}
    found = {"v": [Detection("a", 0.9, 20, 30), Detection("a", 0.5, 0, 10)]}
    config = EvaluateConfig((0.5,), evaluator="thumos")
    assert evaluate(truth, found, config).mean_average_precision == 0.5
    assert evaluate(truth, found, config).to_json()["evaluator"] == "thumos"


def kit(truth, found, label, threshold):
    """What TH14eventdetpr.m computes, loop by loop."""
    ranked, count = [], 0
    for id in dict.fromkeys([*truth, *found]):
        instances = [i for i in truth.get(id, []) if i.label == label]
        unsure = [i for i in truth.get(id, []) if i.label == "Ambiguous"]
        dets = [d for d in found.get(id, []) if d.label == label]
        dets.sort(key=lambda d: -d.score)
        free = list(range(len(dets)))
        for instance in instances:
            best = max(free, key=lambda k: overlap(dets[k], instance), default=None)
            if best is not None and overlap(dets[best], instance) > threshold:
                free.remove(best)
        for k, d in enumerate(dets):
            if k not in free:
                ranked.append((d.score, True))
            elif sum(overlap(d, other) for other in unsure) == 0:
                ranked.append((d.score, False))
        count += len(instances)
    ranked.sort(key=lambda pair: -pair[0])
    hits = [hit for _, hit in ranked]
    return (
        sum(sum(hits[: k + 1]) / (k + 1) for k, hit in enumerate(hits) if hit) / count
    )


def overlap(a, b):
    shared = min(a.end_seconds, b.end_seconds) - max(a.start_seconds, b.start_seconds)
    hull = max(a.end_seconds, b.end_seconds) - min(a.start_seconds, b.start_seconds)
    return max(shared, 0) / hull


spans = st.tuples(st.integers(0, 40), st.integers(1, 20))


@given(
    st.lists(
        st.tuples(
            st.sampled_from("vw"), st.sampled_from(["a", "b", "Ambiguous"]), spans
        ),
        max_size=10,
    ),
    st.lists(
        st.tuples(st.sampled_from("vwx"), st.sampled_from("ab"), spans), max_size=20
    ),
    st.randoms(use_true_random=False),
)
def test_the_kit_gives_the_same(drawn, drawn_found, random):
    truth = {"v": [Instance("a", 0, 10), Instance("b", 0, 10)], "w": []}
    found = {"v": [], "w": [], "x": []}
    for id, label, (s, n) in drawn:
        truth[id].append(Instance(label, s, s + n))
    # Between videos the kit breaks ties by their names: here there are none.
    scores = random.sample(range(100), len(drawn_found))
    for (id, label, (s, n)), score in zip(drawn_found, scores, strict=True):
        found[id].append(Detection(label, float(score), s, s + n))
    result = evaluate(truth, found, EvaluateConfig(THRESHOLDS, evaluator="thumos"))
    for label, (level, threshold) in product("ab", enumerate(THRESHOLDS)):
        expected = kit(truth, found, label, threshold)
        np.testing.assert_allclose(result.average_precision[label][level], expected)
