import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.datasets import Instance
from pipeline.datasets.simulated import (
    SimulationConfig,
    draw,
    simulated_dataset,
    write_script,
)
from pipeline.datasets.simulated.drawing import correlated_noise, presence
from pipeline.datasets.simulated.script import ContentSpan
from pipeline.datasets.simulated.vocabulary import direction, discriminative
from pipeline.errors import UsageError
from pipeline.features.file import read_features
from pipeline.features.simulated import draw_features, simulated_grid
from pipeline.storage import read_header
from tests.timeline_maker import TINY, write_timeline

CONFIG = SimulationConfig()
ACTIONS = tuple(Instance("Jump", start, start + 8.0) for start in range(20, 300, 40))
SECONDS = 320.0

spans = st.tuples(st.floats(0, 60), st.floats(0.01, 20))
scenes = st.lists(st.tuples(st.sampled_from(["Jump", "Throw"]), spans), max_size=5)


def features(id="v", instances=ACTIONS, seconds=SECONDS, config=CONFIG):
    script = write_script(id, instances, seconds, config)
    return draw(id, script, simulated_grid(seconds), config)


def resemblance(config):
    """How like their class the discriminative phases are, and how like it the rest is.

    Cosines with the class's features, of all that the snippets add to the floor.
    """
    script = write_script("v", ACTIONS, SECONDS, config)
    grid = simulated_grid(SECONDS)
    snippets = draw("v", script, grid, config) - direction(config.seed, "floor:")
    model = discriminative(config.seed, "Jump", config.difficulty * config.confusion)
    cosine = snippets @ model / np.linalg.norm(snippets, axis=1) / np.linalg.norm(model)
    action = [ContentSpan(i.start_seconds, i.end_seconds, "a", 1) for i in ACTIONS]
    outside = presence(action, ["a"], grid)[:, 0] == 0
    cores = [s for s in script if s.content == "core:Jump"]
    inside = presence(cores, ["core:Jump"], grid)[:, 0] > 0.9
    return cosine[inside & ~outside].mean(), cosine[outside].mean()


@settings(max_examples=20)
@given(scenes, st.floats(0.01, 90), st.sampled_from([0.0, 0.5, 1.0]))
def test_features_look_like_i3ds(scene, seconds, difficulty):
    actions = tuple(Instance(label, s, s + n) for label, (s, n) in scene)
    config = SimulationConfig(difficulty=difficulty)
    drawn = features(instances=actions, seconds=seconds, config=config)
    assert drawn.shape == (simulated_grid(seconds).num_snippets, 2048)
    assert drawn.dtype == np.float32
    assert np.isfinite(drawn).all() and (drawn >= 0).all()


def test_features_are_sparse_and_heavy_tailed():
    drawn = features()
    assert 0.2 < (drawn == 0).mean() < 0.8
    assert drawn.max() > 10 * drawn.mean()


def test_the_same_seed_and_id_give_the_same_features():
    assert (features() == features()).all()
    assert (features() != features(id="w")).any()
    assert (features() != features(config=SimulationConfig(seed=1))).any()


def test_the_discriminative_phase_resembles_its_class_more_than_background_does():
    for difficulty in (0.0, 0.5, 1.0):
        inside, outside = resemblance(SimulationConfig(difficulty=difficulty))
        assert inside > outside + 0.05


def test_difficulty_makes_action_and_background_alike():
    gaps = [
        np.subtract(*resemblance(SimulationConfig(difficulty=difficulty)))
        for difficulty in (0.0, 0.5, 1.0)
    ]
    assert gaps == sorted(gaps, reverse=True)


def test_only_the_middle_phase_tells_classes_apart():
    config = SimulationConfig(weak_strength=0.0, context_strength=0.0)
    config = replace(config, lookalikes_per_minute=0.0)
    script = write_script("v", ACTIONS[:1], SECONDS, config)
    (core,) = (s for s in script if s.content.startswith("core:") and s.strength)
    assert 20 <= core.start_seconds < core.end_seconds <= 28
    phases = [s for s in script if s.content.startswith("phase:")]
    assert [phases[0].start_seconds, phases[0].end_seconds] == [20, core.start_seconds]
    assert [phases[1].start_seconds, phases[1].end_seconds] == [core.end_seconds, 28]


def test_context_lies_beside_the_action_and_in_no_other():
    instances = (Instance("Jump", 10, 14), Instance("Throw", 14, 16))
    script = write_script("v", instances, 30.0, replace(CONFIG, context_seconds=50.0))
    cores = [s for s in script if s.content == "core:Jump"]
    beside = [s for s in cores if s.end_seconds <= 10 or s.start_seconds >= 16]
    within = [s for s in cores if s.start_seconds >= 10 and s.end_seconds <= 14]
    assert len(beside) >= 2 and len(beside) + len(within) == len(cores)


def test_the_scene_tells_the_class_of_most_videos():
    scripts = [write_script(f"v{n}", ACTIONS, SECONDS, CONFIG) for n in range(100)]
    places = [{s.content for s in script} & {"place:Jump"} for script in scripts]
    assert 65 <= sum(map(bool, places)) <= 95


def test_confused_classes_share_features():
    def cosine(confusion):
        classes = np.stack([discriminative(0, c, confusion) for c in "abcdefgh"])
        classes /= np.linalg.norm(classes, axis=1, keepdims=True)
        return (classes @ classes.T)[np.triu_indices(8, k=1)].mean()

    assert cosine(0.0) < cosine(0.5) < cosine(1.0)


def test_a_snippet_shows_a_stretch_for_its_share_of_time():
    grid = simulated_grid(0.64 * 3)
    script = [ContentSpan(0.32, 1.28, "a", 2.0), ContentSpan(1.28, 9.0, "b", 1.0)]
    shown = presence(script, ["a", "b"], grid)
    assert shown == pytest.approx(np.array([[1, 0], [2, 0], [0, 1]]))


def test_noise_resembles_itself_for_as_long_as_asked():
    noise = correlated_noise(np.random.default_rng(0), 400, 200, memory_steps=2.0)
    assert noise.std() == pytest.approx(1, abs=0.02)
    assert (noise[:-1] * noise[1:]).mean() == pytest.approx(np.exp(-1 / 2), abs=0.02)
    assert (noise[:-4] * noise[4:]).mean() == pytest.approx(np.exp(-2), abs=0.02)


def test_a_timeline_becomes_a_dataset(tmp_path):
    dataset = simulated_dataset(write_timeline(tmp_path), CONFIG)
    assert dataset.classes == ("Jump", "Throw")
    assert [len(dataset.of_subset(s)) for s in ("train", "test")] == [2, 2]
    ambiguous = dataset.videos[1]
    assert ambiguous.labels == ("Throw",) and len(ambiguous.instances) == 2
    assert ambiguous.duration_seconds > 42  # of what is ambiguous, the time counts


def test_one_video_more_changes_nothing_for_the_others(tmp_path):
    before = simulated_dataset(write_timeline(tmp_path / "a"), CONFIG)
    more = {**TINY, "Swim_val": "video_validation_0 1 2\nvideo_validation_3 1 2\n"}
    after = simulated_dataset(write_timeline(tmp_path / "b", more), CONFIG)
    durations = {video.id: video.duration_seconds for video in after.videos}
    assert len(after.videos) == 6
    for video in before.videos:
        assert durations[video.id] == video.duration_seconds


def test_a_larger_choice_of_videos_holds_the_smaller(tmp_path):
    lines = "".join(f"video_validation_{n} 1 2\n" for n in range(9))
    folder = write_timeline(tmp_path, {**TINY, "Swim_val": lines})

    def ids(**fields):
        dataset = simulated_dataset(folder, SimulationConfig(**fields))
        assert dataset.classes == ("Jump", "Swim", "Throw")
        return [video.id for video in dataset.of_subset("train")]

    assert len(ids(max_videos=3)) == 3 and len(ids()) == 9
    assert set(ids(max_videos=3)) < set(ids(max_videos=4))
    assert ids(max_videos=3) != ids(max_videos=3, seed=1)


def test_a_missing_timeline_is_asked_for():
    with pytest.raises(UsageError, match="--timeline"):
        simulated_dataset(None, CONFIG)


@pytest.mark.parametrize(
    "fields",
    [
        {"difficulty": 1.5},
        {"discriminative_share": 1.0},
        {"shot_seconds": 0.0},
        {"max_videos": -1},
    ],
)
def test_impossible_knobs_are_refused(fields):
    with pytest.raises(ValueError, match=f"{next(iter(fields))} must"):
        SimulationConfig(**fields)


def test_a_video_is_drawn_into_a_file_like_that_of_extracted_features(tmp_path):
    path, output = tmp_path / "v.json", tmp_path / "v.safetensors"
    action = {"label": "Jump", "start_seconds": 2.0, "end_seconds": 6.5}
    timeline = {"id": "v", "duration_seconds": 20.0, "instances": [action]}
    path.write_text(json.dumps(timeline))
    shares = []
    draw_features([path], output, {"seed": 3}, {"format": 2}, shares.append)
    drawn, grid = read_features(output)
    config = SimulationConfig(seed=3)
    assert (drawn == features("v", (Instance(**action),), 20.0, config)).all()
    assert grid == simulated_grid(20.0) and grid.num_snippets == 32
    header = read_header(output)
    assert set(header) == {
        *("made_by", "grid", "widths", "identities", "weights", "source"),
    }
    assert len(header["source"]["sha256"]) == 64 and shares == [1.0]
