from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import BACKGROUND, Instance, Point, Video
from pipeline.datasets.manifest import parse_manifest
from pipeline.datasets.thumos14 import AMBIGUOUS, read_thumos14
from pipeline.errors import AnnotationError
from pipeline.intervals import complement, intersection
from pipeline.points.formats import read_points, write_points
from pipeline.points.simulation import (
    PointConfig,
    annotated_windows,
    may_simulate,
    never_clicked,
    simulate_points,
)
from pipeline.storage import read_json

spans = st.tuples(st.floats(0, 60), st.floats(0.05, 20))
scenes = st.lists(st.tuples(st.sampled_from("ab"), spans), max_size=6)
configs = st.builds(
    PointConfig,
    kinds=st.sampled_from(["both", "action", "background"]),
    per=st.sampled_from(["segment", "window", "piece"]),
    window_seconds=st.floats(1, 20),
    gap_seconds=st.floats(0, 20),
    offset_seconds=st.floats(0, 5),
    seed=st.integers(0, 3),
)


def instances(scene):
    return tuple(Instance(label, s, s + n) for label, (s, n) in scene)


@given(st.lists(scenes, max_size=3), configs, st.floats(0, 50))
def test_which_classes_are_never_clicked_is_known_before_videos_are_read(
    all_scenes, config, tail
):
    videos = [
        Video(f"v{n}", "train", Path(), (), instances(scene))
        for n, scene in enumerate(all_scenes)
    ]
    clicked = set()
    for video in videos:
        end = max((i.end_seconds for i in video.instances), default=1.0) + tail
        clicked |= {
            p.label for p in simulate_points(video.id, video.instances, end, config)
        }
    expected = [name for name in "abc" if name not in clicked]
    assert never_clicked("abc", videos, config) == expected


SEGMENT = {"label": "a", "segment": [1, 2]}


@pytest.mark.parametrize(
    ("fields", "is_simulated", "is_background"),
    [
        ({}, False, False),
        ({"labels": ["a"]}, False, False),
        ({"labels": []}, True, True),
        ({"segments": []}, True, True),
        ({"segments": [SEGMENT]}, True, False),
        ({"labels": [], "segments": [SEGMENT]}, True, False),
        ({"points": []}, False, True),
        ({"points": [], "segments": [SEGMENT]}, False, False),
        ({"points": [{"seconds": 1, "label": "a"}]}, False, False),
        ({"points": [{"seconds": 1, "label": BACKGROUND}]}, False, True),
    ],
)
def test_clicks_are_simulated_where_segments_are_known(
    fields, is_simulated, is_background
):
    entry = {"id": "v", "path": "v.mp4", "subset": "train", **fields}
    content = {"version": 1, "videos": [entry]}
    (video,) = parse_manifest(Path("d.json"), content).videos
    assert (may_simulate(video), video.is_background) == (is_simulated, is_background)


@given(scenes, configs, st.floats(1, 100))
def test_clicks_say_what_is_seen_and_lie_in_windows(scene, config, duration):
    actions = instances(scene)
    windows = annotated_windows(duration, config)
    for point in simulate_points("v", actions, duration, config):
        assert any(start <= point.seconds < end for start, end in windows)
        seen = {
            i.label for i in actions if i.start_seconds <= point.seconds < i.end_seconds
        }
        if point.label == BACKGROUND:
            assert not seen and config.kinds != "action"
        else:
            assert point.label in seen and config.kinds != "background"


@given(scenes, st.floats(1, 100), configs)
def test_one_click_per_segment_that_a_window_touches(scene, duration, config):
    config = PointConfig(per="segment", gap_seconds=config.gap_seconds)
    actions = instances(scene)
    windows = annotated_windows(duration, config)
    spans = [(i.start_seconds, i.end_seconds) for i in actions]
    segments = spans + complement(spans, (0, duration))
    touched = sum(bool(intersection([segment], windows)) for segment in segments)
    assert len(simulate_points("v", actions, duration, config)) == touched


@given(scenes, st.floats(1, 100))
def test_windows_get_at_most_one_click_of_a_kind(scene, duration):
    config = PointConfig(per="window")
    points = simulate_points("v", instances(scene), duration, config)
    for start, end in annotated_windows(duration, config):
        inside = [p.kind for p in points if start <= p.seconds < end]
        assert len(inside) == len(set(inside))


@given(scenes, st.floats(1, 100))
def test_rules_cost_window_segment_piece_in_this_order(scene, duration):
    counts = [
        len(simulate_points("v", instances(scene), duration, PointConfig(per=per)))
        for per in ("window", "segment", "piece")
    ]
    assert counts[1] <= counts[2] and counts[0] <= counts[2]


def test_half_of_the_video_is_annotated_by_default():
    assert annotated_windows(40.0, PointConfig()) == [(0.0, 10.0), (20.0, 30.0)]


def test_a_gap_of_zero_annotates_everything():
    assert annotated_windows(25.0, PointConfig(gap_seconds=0)) == [(0.0, 25.0)]


def test_the_seed_decides_and_other_videos_do_not():
    scene = (Instance("a", 0, 10),)

    def clicks(id, seed):
        return simulate_points(id, scene, 12.0, PointConfig(seed=seed))

    assert clicks("v", 0) == clicks("v", 0)
    assert clicks("v", 0) != clicks("v", 1)
    assert clicks("v", 0) != clicks("w", 0)


def test_an_instance_shorter_than_a_snippet_is_clicked():
    points = simulate_points("v", (Instance("a", 1.0, 1.02),), 5.0, PointConfig())
    assert [p.label for p in points] == [BACKGROUND, "a", BACKGROUND]


def test_no_clicks_can_be_asked_for():
    config = PointConfig(kinds="none")
    assert simulate_points("v", (Instance("a", 0, 10),), 20.0, config) == []


def count(timelines, seconds, rule):
    """The clicks that a rule costs, on videos of given lengths."""
    config = PointConfig(per=rule)
    return sum(
        len(simulate_points(id, instances, seconds(id), config))
        for id, instances in timelines.items()
    )


@pytest.fixture(scope="module")
def timelines(shared_data):
    """THUMOS14's training instances, of known classes."""
    videos = read_thumos14(shared_data / "thumos14")["train"]
    return {
        id: tuple(i for i in instances if i.label != AMBIGUOUS)
        for id, instances in videos.items()
    }


RULES = ("piece", "segment", "window")


def test_what_the_rules_cost_up_to_the_last_annotation(timelines):
    def end(id):
        return max(instance.end_seconds for instance in timelines[id])

    assert [count(timelines, end, rule) for rule in RULES] == [4659, 4034, 3052]


def test_what_the_rules_cost_on_whole_videos(shared_data, timelines):
    """The second three are an independent count; see `pipeline.points.simulation`."""
    path = shared_data / "thumos14" / "validation_videos.json"
    if not path.exists():
        pytest.skip(f"{path} is not there: id to frames and frames a second")
    videos = {v: (info["frames"], info["fps"]) for v, info in read_json(path).items()}

    def real(id):
        frames, fps = videos[id]
        return frames / fps

    def at_30_fps(id):
        return round(videos[id][0] / 30, 1)

    once = {
        id: tuple(i for i in instances if i.label != "CliffDiving")
        for id, instances in timelines.items()
    }
    assert [count(timelines, real, rule) for rule in RULES] == [5038, 4203, 3392]
    assert [count(once, at_30_fps, rule) for rule in RULES] == [4860, 4059, 3316]


def test_points_files_come_back(tmp_path):
    path = tmp_path / "points.csv"
    points = {"v": [Point(1.25, "a, b"), Point(3.0, BACKGROUND)], "w ö": []}
    write_points(path, points)
    assert path.read_text().splitlines()[:2] == [
        "video_id,seconds,label,kind",
        'v,1.25,"a, b",action',
    ]
    assert read_points(path) == {"v": points["v"]}


def test_a_bad_row_is_named_by_its_line(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("video_id,seconds,label,kind\nv,soon,a,action\n")
    with pytest.raises(AnnotationError, match="line 2"):
        read_points(path)
