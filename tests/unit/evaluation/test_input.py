import json
import math

import pytest

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection, read_detections
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.evaluation import (
    EvaluateConfig,
    evaluate,
    match_detections,
    read_durations,
    read_ground_truth,
)

HALF = EvaluateConfig((0.5,))
TRUTH = {"v": [Instance("a", 0, 10)]}


@pytest.mark.parametrize(
    ("score", "start", "end"),
    [
        (math.nan, 0, 10),
        (math.inf, 0, 10),
        (-math.inf, 0, 10),
        (0.5, math.nan, 10),
        (0.5, 0, math.inf),
        (0.5, 10, 0),
    ],
)
def test_a_detection_of_which_nothing_can_be_made_is_named(score, start, end):
    bad = Detection("a", score, start, end)
    with pytest.raises(AnnotationError, match=rf"detections of v: .*{score}, .*{end}"):
        evaluate(TRUTH, {"v": [Detection("a", 0.9, 0, 10), bad]}, HALF)


def test_an_instance_without_a_time_is_named():
    truth = {"v": [Instance("a", 0, math.nan)]}
    with pytest.raises(AnnotationError, match=r"ground truth of v: .*nan"):
        evaluate(truth, {}, HALF)


def test_an_empty_detection_is_false_and_counted():
    found = {"v": [Detection("a", 0.9, 5, 5), Detection("a", 0.5, 0, 10)]}
    evaluation = evaluate(TRUTH, found, HALF)
    assert evaluation.mean_average_precision == 0.5
    assert evaluation.oddities.empty_detections == 1


def test_a_detection_that_starts_before_the_video_is_scored_and_counted():
    evaluation = evaluate(TRUTH, {"v": [Detection("a", 0.9, -1, 10)]}, HALF)
    assert evaluation.mean_average_precision == 1.0
    assert evaluation.oddities.early_detections == 1


def test_detections_of_unknown_classes_are_counted_by_class():
    found = {"v": [Detection(label, 0.9, 0, 10) for label in ("b", "a", "b", "c")]}
    evaluation = evaluate(TRUTH, found, HALF)
    assert evaluation.mean_average_precision == 1.0
    assert evaluation.to_json()["oddities"] == {
        "unknown_classes": {"b": 2, "c": 1},
        "empty_detections": 0,
        "early_detections": 0,
        "empty_instances": 0,
    }


@pytest.mark.parametrize("segment", [(5, 5), (8, 2)])
@pytest.mark.parametrize("evaluator", ["activitynet", "thumos"])
def test_an_instance_without_length_cannot_be_found_and_is_counted(segment, evaluator):
    truth = {"v": [Instance("a", 0, 10), Instance("a", *segment)]}
    config = EvaluateConfig((0.5,), evaluator=evaluator)
    found = {"v": [Detection("a", 0.9, 0, 10), Detection("a", 0.8, 5, 5)]}
    evaluation = evaluate(truth, found, config)
    assert evaluation.mean_average_precision == 0.5
    assert evaluation.oddities.empty_instances == 1


def test_durations_are_read_where_they_are_stated(tmp_path):
    path = tmp_path / "gt.json"
    path.write_text(
        '{"database": {"v": {"subset": "test", "duration": "2.5"}, '
        '"w": {"subset": "test"}}}'
    )
    assert read_durations(path) == {"v": 2.5}
    path.write_text('{"videos": [{"id": "v", "subset": "test", "duration": 3}]}')
    assert read_durations(path) == {"v": 3.0}
    for odd in ('"long"', "1" + 400 * "0"):
        path.write_text(f'{{"database": {{"v": {{"duration": {odd}}}}}}}')
        with pytest.raises(AnnotationError, match="duration in seconds"):
            read_durations(path)


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
        ("not json", "expected JSON"),
        ("[]", "expected .* found something else"),
        ('{"database": {}}', "the subset 'test', found no .*subsets are: none"),
        (
            '{"database": {"v": {"subset": "val"}, "w": {}}}',
            "the subset 'test', found no such subset; .*subsets are: '', 'val'",
        ),
        (
            '{"database": {"v": {"subset": "Testing"}}}',
            r"found 1 video without any; .* 'Testing'",
        ),
        (
            '{"videos": [{"id": "v", "subset": "test", "segments": '
            '[{"label": null, "segment": [0, 1]}]}]}',
            r"v: \$\.videos\[0\]\.segments\[0\]\.label: expected a label, .* null",
        ),
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


@pytest.mark.parametrize("name", ["test", "Testing", "TEST"])
@pytest.mark.parametrize("wanted", ["test", "Test", "testing"])
def test_a_subset_is_found_in_every_spelling(tmp_path, name, wanted):
    path = tmp_path / "gt.json"
    video = {"subset": name, "annotations": [{"segment": [1, 2], "label": 3}]}
    path.write_text(json.dumps({"database": {"v": video}}))
    assert read_ground_truth(path, wanted) == {"v": (Instance("3", 1.0, 2.0),)}


def test_detections_match_whatever_their_ids_leave_out(capsys):
    truth = {"v_abc.def": [], "b": []}
    for names in (["abc.def", "v_b"], ["v_abc.def.mp4", "b.MOV"]):
        found = match_detections(truth, dict(zip(names, "xy", strict=True)))
        assert found == {"v_abc.def": "x", "b": "y"}
    assert capsys.readouterr().err == ""


def test_detections_that_match_nothing_are_named_on_both_sides(capsys):
    truth = {"a": [], "b": []}
    assert match_detections(truth, {"a": [], "x": []}) == {"a": [], "x": []}
    said = capsys.readouterr().err
    assert "detections in videos that are not in the ground truth: 'x'" in said
    assert "videos of the ground truth without detections: 'b'" in said
    with pytest.raises(AnnotationError, match=r"'a', 'b', found them in others: 'x'"):
        match_detections(truth, {"x": []})
    with pytest.raises(AnnotationError, match="found them in no video at all"):
        match_detections(truth, {})
