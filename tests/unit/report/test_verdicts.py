"""What the report says became of each instance, and of double labels."""

import numpy as np
import pytest

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.detection.proposals import normalise, raw_thresholds
from pipeline.report import Findings, VideoReport
from pipeline.report.verdicts import average_precision, count_states, verdicts


def a_video(instances: list[Instance], *models: list[Detection]) -> VideoReport:
    findings = tuple(Findings(tuple(found)) for found in models)
    return VideoReport("v", "test", None, 100.0, tuple(instances), (), findings)


INSTANCES = [Instance("dive", 60, 64), Instance("dive", 10, 14), Instance("hug", 1, 2)]
WELL = Detection("dive", 0.9, 10, 14)
OVER = Detection("dive", 0.8, 50, 70)
UNDER = Detection("dive", 0.8, 61, 62)
JOINT = Detection("dive", 0.7, 9, 66)


@pytest.mark.parametrize(
    ("found", "states"),
    [
        ([WELL], ["missed", "well", "missed"]),
        ([WELL, OVER], ["missed", "well", "over"]),
        ([UNDER], ["missed", "missed", "under"]),
        ([JOINT], ["missed", "joint", "joint"]),
        ([], ["missed", "missed", "missed"]),
    ],
)
def test_each_instance_is_told_by_time(found: list[Detection], states: list) -> None:
    told = verdicts(a_video(INSTANCES, found))
    assert [v.instance.start_seconds for v in told] == [1, 10, 60]
    assert [v.state for v in told] == states


def test_each_model_has_its_own_verdict() -> None:
    told = verdicts(a_video(INSTANCES, [WELL], [JOINT]))
    assert told[1].states == ("well", "joint")
    assert count_states(told, 0) == {"missed": 2, "well": 1}
    assert count_states(told, 1) == {"missed": 1, "joint": 2}


def test_double_labels_at_one_interval_are_told() -> None:
    instances = [
        Instance("Diving", 10, 14),
        Instance("CliffDiving", 10.1, 14),
        Instance("Diving", 13, 20),
    ]
    first, second, third = verdicts(a_video(instances, []))
    assert (first.also, second.also) == (("CliffDiving",), ("Diving",))
    assert third.also == ()


def test_ambiguous_segments_are_neither_found_nor_missed() -> None:
    video = a_video([Instance("Ambiguous", 1, 5)], [WELL])
    (told,) = verdicts(video)
    assert (told.state, told.words) == ("ambiguous", "ambiguous")
    assert count_states([told], 0) == {}
    assert average_precision(video, [WELL]) is None


@pytest.mark.parametrize("offset", [0.0, -10.0])
def test_raw_thresholds_cut_where_those_on_the_normalised_sequence_do(
    offset: float,
) -> None:
    sequence = np.random.default_rng(0).normal(size=200) + offset
    thresholds = (0.0, 0.1, 0.225)
    levels = raw_thresholds(sequence, thresholds)
    for threshold, level in zip(thresholds, levels, strict=True):
        expected = normalise(sequence) > threshold
        assert ((sequence > level) == expected).all()
