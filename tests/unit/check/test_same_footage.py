"""Which videos are recognised as the same footage."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.check.facts import Facts, examine, read_facts
from pipeline.check.same_footage import shift_between
from tests.video_maker import noise_pictures, write_video


def scene(seed: int, frames: int, stage: int = 0, size: int = 20):
    """Two blobs that wander over a stage, as people do before a fixed camera."""
    draw = np.random.default_rng(seed)
    ground = cv2.resize(noise_pictures(1, 6, 4, stage)[0], (96, 64))
    times = np.arange(frames)
    paths = [
        np.interp(times, np.arange(0, frames + 25, 25), draw.uniform(0.1, 0.9, knots))
        for knots in [len(np.arange(0, frames + 25, 25))] * 4
    ]
    for x, y, u, v in zip(*paths, strict=True):
        picture = ground.copy()
        for centre, colour in (((x, y), (250, 60, 60)), ((u, v), (40, 40, 200))):
            at = int(centre[0] * 96), int(centre[1] * 64)
            cv2.circle(picture, at, size // 2, colour, -1)
        yield picture


def facts_of(path: Path) -> Facts:
    output = path.with_suffix(".safetensors")
    examine([path], output, hashed=False, sketched=True)
    return read_facts(output)


def video(folder: Path, name: str, pictures, **options) -> Facts:
    return facts_of(write_video(folder / name, pictures, **options))


def copied(path: Path, target: Path, start: float, end: float, **options) -> Facts:
    """A part of a video, scaled and encoded anew."""
    with av.open(str(path)) as file:
        pictures = [
            cv2.resize(frame.to_ndarray(format="rgb24"), (80, 48))
            for frame in file.decode(video=0)
            if start <= frame.time < end
        ]
    return facts_of(write_video(target, pictures, **options))


# What happens to a recording on its way into a dataset: start, end, and how it is
# encoded. A camera's copy is small; sites scale, change the rate and the codec.
COPIES = {
    "scaled": (0, 99, {}),
    "start": (0, 6, {}),
    "middle": (3.3, 8.9, {}),
    "end": (7.77, 99, {"options": {"crf": "30"}}),
    "mpeg4": (1, 9, {"codec": "mpeg4"}),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Three recordings of one stage by one camera, and one of another stage."""
    folder = tmp_path_factory.mktemp("recordings")
    stages = {"a": (1, 0), "b": (2, 0), "c": (3, 0), "d": (1, 1)}
    return {
        name: video(folder, f"{name}.mp4", scene(seed, 300, stage))
        for name, (seed, stage) in stages.items()
    }, folder


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_recognised_and_only_of_their_recording(recordings, name):
    known, folder = recordings
    start, end, options = COPIES[name]
    copy = copied(folder / "a.mp4", folder / f"a {name}.mp4", start, end, **options)
    shifts = {name: shift_between(copy, facts) for name, facts in known.items()}
    assert shifts == {
        "a": pytest.approx(start, abs=0.1),
        "b": None,
        "c": None,
        "d": None,
    }
    assert shift_between(known["a"], copy) == shifts["a"]


def test_recordings_of_one_stage_or_of_one_motion_are_told_apart(recordings):
    known, _ = recordings
    for one, other in combinations(known.values(), 2):
        assert shift_between(one, other) is None


def test_a_trim_is_found_by_the_key_frames_of_a_long_recording(tmp_path):
    options = {"g": "150", "sc_threshold": "0"}
    long = video(tmp_path, "long.mp4", scene(1, 900), fps=10, options=options)
    copy = copied(tmp_path / "long.mp4", tmp_path / "copy.mp4", 4.5, 31, fps=10)
    assert shift_between(copy, long) == pytest.approx(4.5, abs=0.1)


def test_static_videos_are_not_recognised(tmp_path):
    pictures = list(scene(1, 1)) * 75
    one = video(tmp_path, "one.mp4", pictures)
    copy = copied(tmp_path / "one.mp4", tmp_path / "copy.mp4", 0, 9)
    assert shift_between(one, copy) is None


def test_nothing_is_compared_without_frames(tmp_path):
    facts = video(tmp_path, "v.mp4", scene(1, 75))
    assert shift_between(facts, replace(facts, sketch=None)) is None
    brief = video(tmp_path, "brief.mp4", scene(1, 2))
    assert shift_between(facts, brief) is None
