"""The demo dataset: the same every time, annotated exactly, and moving smoothly."""

from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.datasets.demo import DemoConfig, make_demo
from pipeline.datasets.demo.film import film
from pipeline.datasets.demo.motions import ACTIONS, PASTIMES, WALKING
from pipeline.datasets.demo.places import PLACES
from pipeline.datasets.demo.pose import INDEX, mirrored, points_of
from pipeline.datasets.demo.scene import paint_scene
from pipeline.datasets.demo.script import STAGE_METRES, Script, play, write_scripts
from pipeline.storage import read_json

TINY = DemoConfig(
    train_videos=1,
    test_videos=1,
    width=96,
    height=72,
    instances=(1, 1),
    action_seconds=(0.4, 0.6),
    background_seconds=(0.2, 0.3),
)
SCRIPTS = write_scripts(DemoConfig())


def first_frames(config: DemoConfig, script: Script, count: int) -> np.ndarray:
    return np.stack(list(islice(film(config, script), count)))


def written_files(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_complete_video(path: Path, num_frames: int) -> None:
    with av.open(path) as file:
        stream = file.streams.video[0]
        assert (stream.codec.canonical_name, stream.pix_fmt) == ("h264", "yuv420p")
        seconds = [frame.time for frame in file.decode(stream)]
    assert seconds == pytest.approx(np.arange(num_frames) / 25)


def test_same_files_every_time(tmp_path: Path) -> None:
    make_demo(tmp_path / "a", config=TINY)
    make_demo(tmp_path / "b", config=TINY)
    assert written_files(tmp_path / "a") == written_files(tmp_path / "b")


def test_same_pixels_every_time() -> None:
    first, second = (first_frames(DemoConfig(), SCRIPTS[0], 5) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_another_video() -> None:
    config = replace(TINY, seed=1)
    ours = first_frames(TINY, write_scripts(TINY)[0], 1)
    theirs = first_frames(config, write_scripts(config)[0], 1)
    assert np.abs(ours.astype(float) - theirs).mean() > 5


def test_manifest_names_what_is_there(tmp_path: Path) -> None:
    path = make_demo(tmp_path, config=TINY)
    manifest = read_json(path)
    assert path == tmp_path / "dataset.json"
    assert set(manifest) == {"version", "name", "classes", "videos"}
    assert (manifest["version"], manifest["name"]) == (1, "demo")
    assert manifest["classes"] == ["jumping jacks", "boxing", "squatting", "waving"]
    ids = [video["id"] for video in manifest["videos"]]
    assert ids == ["demo_train_00", "demo_test_00"]
    for video, script in zip(manifest["videos"], write_scripts(TINY), strict=True):
        assert video["path"] == f"videos/{video['id']}.mp4"
        assert video["labels"] == sorted({s["label"] for s in video["segments"]})
        assert_complete_video(tmp_path / video["path"], script.num_frames)


def test_segments_are_frame_boundaries(tmp_path: Path) -> None:
    manifest = read_json(make_demo(tmp_path, config=TINY))
    for video, script in zip(manifest["videos"], write_scripts(TINY), strict=True):
        frames = [(s.start_frame, s.stop_frame) for s in script.actions]
        segments = [tuple(s["segment"]) for s in video["segments"]]
        assert segments == [(start / 25, stop / 25) for start, stop in frames]


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    make_demo(tmp_path, config=TINY)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    make_demo(tmp_path, config=TINY)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_an_interrupted_making_keeps_finished_videos(tmp_path: Path) -> None:
    make_demo(tmp_path, config=TINY)
    whole = written_files(tmp_path)
    (tmp_path / "dataset.json").unlink()
    (tmp_path / "videos" / "demo_test_00.mp4").unlink()
    kept = tmp_path / "videos" / "demo_train_00.mp4"
    written_at = kept.stat().st_mtime_ns
    calls: list[tuple[int, int]] = []
    make_demo(tmp_path, lambda done, total: calls.append((done, total)), TINY)
    assert kept.stat().st_mtime_ns == written_at
    assert written_files(tmp_path) == whole
    assert calls == [(1, 2), (2, 2)]


def test_another_config_does_not_mix_with_what_is_there(tmp_path: Path) -> None:
    make_demo(tmp_path / "old", config=TINY)
    other = replace(TINY, noise=0)
    make_demo(tmp_path / "old", config=other)
    make_demo(tmp_path / "new", config=other)
    assert written_files(tmp_path / "old") == written_files(tmp_path / "new")


def test_fifteen_videos_of_about_twelve_seconds() -> None:
    subsets = [script.subset for script in SCRIPTS]
    assert (subsets.count("train"), subsets.count("test")) == (10, 5)
    seconds = [script.num_frames / 25 for script in SCRIPTS]
    assert min(seconds) > 7 and max(seconds) < 20


@pytest.mark.parametrize("subset", ["train", "test"])
def test_every_class_occurs(subset: str) -> None:
    actions = [a for s in SCRIPTS if s.subset == subset for a in s.actions]
    assert {action.label for action in actions} == set(ACTIONS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.video_id)
def test_actions_alternate_with_background(script: Script) -> None:
    stretches = script.stretches
    assert stretches[0].start_frame == 0
    assert all(a.stop_frame == b.start_frame for a, b in pairwise(stretches))
    assert all(s.start_frame < s.stop_frame for s in stretches)
    assert all((s.label is None) == (i % 2 == 0) for i, s in enumerate(stretches))
    assert len(stretches) % 2 == 1


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.video_id)
def test_nobody_teleports_or_leaves_the_stage(script: Script) -> None:
    poses, metres = play(DemoConfig(), script)
    assert len(poses) == len(metres) == script.num_frames
    assert np.abs(metres).max() < STAGE_METRES + 0.3  # a cross-fade may overshoot
    points = np.stack(list(points_of(poses).values()))
    speed = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    assert speed.max() < 0.4  # metres a frame; a boxer's fist makes 10 m/s


def test_someone_who_acts_moves_more_than_someone_who_stands() -> None:
    for motion in ACTIONS.values():
        hands = [hand_travel(m.poses(np.arange(25) / 25)) for m in (motion, WALKING)]
        still = hand_travel(PASTIMES["standing"].poses(np.arange(25) / 25))
        assert min(hands) > 3 * still


def hand_travel(poses: np.ndarray) -> float:
    points = points_of(poses)
    hands = [points["left_hand"], points["right_hand"]]
    return float(np.linalg.norm(np.diff(hands, axis=1), axis=-1).sum())


def test_a_frame_of_action_differs_from_background() -> None:
    config = replace(
        DemoConfig(), noise=0, shake_pixels=0, pan_pixels=0, zoom=0, sway_degrees=0
    )
    script = next(s for s in SCRIPTS if s.stretches[1].label == "squatting")
    action = script.actions[0]
    frames = first_frames(config, script, action.stop_frame)
    heights = points_of(play(config, script)[0])["skull"][: action.stop_frame, 1]
    low = int(heights[action.start_frame :].argmin()) + action.start_frame
    changed = np.abs(frames[low].astype(int) - frames[0]).max(axis=-1) > 30
    assert changed.mean() > 0.02


def test_a_mirror_swaps_the_sides() -> None:
    poses = ACTIONS["boxing"].poses(np.linspace(0, 1, 9))
    seen, points = points_of(mirrored(poses)), points_of(poses)
    for name in ("elbow", "hand", "knee", "toe", "eye"):
        expected = points[f"right_{name}"] * (-1, 1, 1)
        np.testing.assert_allclose(seen[f"left_{name}"], expected, atol=1e-9)


def test_feet_stay_on_the_ground_unless_somebody_jumps() -> None:
    for name, motion in ACTIONS.items():
        poses = motion.poses(np.linspace(0, 1, 25))
        points = points_of(poses)
        soles = [points[f"{s}_{p}"][:, 1] for s in ("left", "right") for p in FEET]
        np.testing.assert_allclose(
            np.min(soles, axis=0), 0.04 + poses[:, INDEX["lift"]], err_msg=name
        )


FEET = ("ankle", "toe")


@pytest.mark.parametrize("place", PLACES)
def test_a_place_fills_the_picture(place: str) -> None:
    scene = paint_scene(np.random.default_rng(0), DemoConfig(), place)
    assert scene.wall.shape == scene.floor.shape
    assert scene.wall.std() > 5 and scene.floor.std() > 3
