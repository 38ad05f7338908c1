"""Which clicks a run uses, the models that it keeps apart by them, what it refuses."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotation.sources import dataset_to_annotate
from pipeline.annotation.store import PointsStore
from pipeline.datasets import Dataset, Point, Video
from pipeline.errors import AnnotationError, UsageError
from pipeline.grid import SnippetGrid
from pipeline.points.human import CLICKS_FILE
from pipeline.run.config import make_config
from pipeline.run.work import check_stages
from pipeline.stages.decode import DECODE
from pipeline.stages.features import FEATURES
from pipeline.stages.fitting import training_videos
from pipeline.stages.points import POINTS
from pipeline.stages.report import REPORT
from pipeline.stages.train import TRAIN
from pipeline.storage import write_arrays
from pipeline.workfolder.stages import all_stages
from tests.run_maker import make_run, with_options

HOF = {"features": {"streams": "flow", "flow_features": "hof"}}
JUMP, KICK = (
    [{"label": "jump", "segment": [1, 3]}],
    [{"label": "kick", "segment": [2, 4]}],
)
SEEN = [{"seconds": 1.5, "label": "jump"}, {"seconds": 3.5, "label": "kick"}]


def a_run(folder, *videos, changes=None, classes=("jump", "kick"), **options):
    """A run on a manifest whose videos do not exist."""
    entries = [
        {"id": f"v{n}", "path": f"v{n}.mp4", "subset": "train", **video}
        for n, video in enumerate(videos)
    ]
    path = folder / "dataset.json"
    content = {"version": 1, "classes": list(classes), "videos": entries}
    path.write_text(json.dumps(content))
    config = make_config("soda", HOF | (changes or {}))
    return make_run(path, config, folder / "work", **options)


def save(folder, points, name=CLICKS_FILE):
    """Save clicks by the id of the video, as the annotation page does."""
    path = folder / name
    entries = [{"video": {"id": id}, "points": of} for id, of in points.items()]
    path.write_text(json.dumps(entries))
    return str(path)


def clicked(run):
    """The seconds of the clicks that a run trains on."""
    human = run.human_clicks
    found = human.in_training(run.dataset) if human else {}
    return {id: [click.start for click in clicks] for id, clicks in found.items()}


def prints(run):
    return {stage.name: stage.fingerprint(run) for stage in all_stages()}


@pytest.mark.parametrize("form", ["manifest", "lines", "activitynet", "beside videos"])
def test_what_the_page_saves_is_used(tmp_path, form):
    path = tmp_path / ("dataset.jsonl" if form == "lines" else "dataset.json")
    video = {"id": "v", "path": "v.mp4", "subset": "train", "duration": 9}
    content = {"version": 1, "classes": ["jump"], "videos": [video]}
    if form in ("activitynet", "beside videos"):
        annotations = [{"label": "jump", "segment": [1, 2]}]
        found = {"subset": "training", "annotations": annotations, "duration": 9}
        content = {"database": {"v": found}}
    folder = tmp_path / "videos" if form == "beside videos" else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "v.mp4").touch()
    head = {key: value for key, value in content.items() if key != "videos"}
    lines = [head, video] if form == "lines" else [content]
    path.write_text("\n".join(map(json.dumps, lines)))

    dataset = dataset_to_annotate([path], None, "train")
    store = PointsStore(dataset.videos_folder / CLICKS_FILE, dataset)
    content = {"points": [{"seconds": 1.5, "label": "jump"}], "seconds_spent": 0}
    store.save("v", None, content)

    run = make_run(path, make_config("soda", HOF), tmp_path / "work")
    assert run.saved_clicks == store.path and clicked(run) == {"v": [1.5]}
    refusing = with_options(run, points_file="none")
    assert refusing.saved_clicks is None and refusing.human_clicks is None
    (tmp_path / "hd").mkdir()
    (tmp_path / "hd" / "v.mp4").touch()
    assert clicked(with_options(run, videos=tmp_path / "hd")) == {"v": [1.5]}


def test_clicks_in_two_places_are_not_chosen_between(tmp_path):
    run = a_run(tmp_path, {})
    (tmp_path / "videos").mkdir()
    files = [save(tmp_path, {"v0": SEEN}), save(tmp_path / "videos", {"v0": SEEN})]
    with pytest.raises(UsageError, match="clicks in one place") as caught:
        print(run.human_clicks)
    assert all(file in str(caught.value) for file in files)
    assert clicked(with_options(run, points_file=files[0])) == {"v0": [1.5, 3.5]}


def test_a_video_that_the_file_does_not_name_keeps_the_clicks_of_the_manifest(tmp_path):
    own = [{"seconds": 9, "label": "kick"}]
    run = a_run(tmp_path, *[{"points": own}] * 3)
    save(tmp_path, {"v0": SEEN, "v1": []})
    assert clicked(run) == {"v0": [1.5, 3.5], "v2": [9]}
    assert clicked(with_options(run, points_file="none")) == {
        id: [9] for id in ("v0", "v1", "v2")
    }


@pytest.mark.parametrize("saved", [{}, {"v0": []}, {"test": SEEN}])
def test_a_saved_file_without_clicks_for_training_changes_nothing(tmp_path, saved):
    run = a_run(tmp_path, {"segments": JUMP}, {"id": "test", "subset": "test"})
    before = prints(run)
    save(tmp_path, saved)
    again = with_options(run)
    assert again.human_clicks is None and prints(again) == before


def test_other_clicks_are_another_model_and_the_same_ones_are_the_same(tmp_path):
    run = a_run(tmp_path, {"segments": JUMP}, {"segments": KICK})
    simulated = prints(run)
    save(tmp_path, {"v0": SEEN})
    first = prints(with_options(run))
    moved = [SEEN[0], {"seconds": 3.6, "label": "kick"}]
    save(tmp_path, {"v0": moved})
    second = prints(with_options(run))
    below = {"decode", "flow", "features"}
    for one, other in pairwise([simulated, first, second]):
        assert {stage for stage in one if one[stage] == other[stage]} == below
    other = save(tmp_path, {"v0": SEEN[::-1], "gone": SEEN}, "other.json")
    assert prints(with_options(run, points_file=other)) == first
    save(tmp_path, {"v0": SEEN})
    assert prints(with_options(run)) == first
    assert prints(with_options(run, points_file="none")) == simulated
    rows = ["video_id,seconds,label", "v0.mp4,1.5,jump", "v0,3.5,kick"]
    (tmp_path / "same.csv").write_text("\n".join(rows))
    same = str(tmp_path / "same.csv")
    assert prints(with_options(run, points_file=same)) == first
    of_manifest = a_run(tmp_path, {"points": SEEN}, {}, points_file="none")
    assert prints(of_manifest) == first
    assert (
        TRAIN.identity(of_manifest)["clicks"] == POINTS.identity(of_manifest)["clicks"]
    )


points = st.lists(
    st.builds(Point, st.floats(0, 99), st.sampled_from(["jump", "background"]))
)


@given(points, points, st.randoms())
def test_the_digest_tells_clicks_apart_whatever_their_order(first, second, random):
    def digest(points):
        video = Video("v", "train", Path("v"), (), points=tuple(points) or None)
        run = make_run("nothing.json", make_config("soda", {}), "work")
        vars(run)["dataset"] = Dataset("d", Path(), Path(), ("jump",), (video,))
        return run.clicks_digest

    def ordered(points):
        return sorted(points, key=lambda p: (p.label, p.seconds))

    shuffled = random.sample(first, len(first))
    assert digest(first) == digest(shuffled)
    assert (digest(first) == digest(second)) == (ordered(first) == ordered(second))
    assert (digest(first) is None) == (not first)


UNSEEN = "2 training videos without clicks, segments or labels: v0, v2"


@pytest.mark.parametrize(
    ("videos", "clicks", "changes", "told"),
    [
        ([{}, {}, {}], {"v1": SEEN}, {}, [UNSEEN]),
        ([{}, {}, {}], {"v0": [], "v1": SEEN, "v2": []}, {}, [UNSEEN]),
        (
            [{}, {"labels": ["kick"]}, {}],
            {},
            {"train": {"frame_loss": "none"}},
            [UNSEEN],
        ),
        ([{}, {"segments": JUMP}, {}], {}, {}, [UNSEEN, "training video: kick;"]),
        ([{"labels": []}] * 2, {}, {}, ["2 classes without", ": jump, kick;"]),
        ([{"labels": ["kick"]}, {"labels": ["jump"]}], {}, {}, [": jump, kick; click"]),
        ([{"segments": JUMP + KICK}], {"v0": SEEN[:1]}, {}, ["clicks.json", ": kick;"]),
        (
            [{"segments": [{"label": "jump", "segment": [11, 13]}, *KICK]}],
            {},
            {},
            ["1 class without an action click in any training video: jump;"],
        ),
        ([{"subset": "test", "segments": JUMP + KICK}], {}, {}, [": jump, kick;"]),
    ],
)
def test_training_is_refused_with_names(tmp_path, videos, clicks, changes, told):
    run = a_run(tmp_path, *videos, changes=changes)
    if clicks:
        save(tmp_path, clicks)
    for last in (TRAIN, REPORT):
        with pytest.raises(AnnotationError) as caught:
            check_stages(run, last)
        for part in told:
            assert part in str(caught.value)
    check_stages(run, POINTS)
    check_stages(run, FEATURES)


@pytest.mark.parametrize(
    ("videos", "clicks", "changes"),
    [
        ([{"segments": JUMP}, {"segments": KICK}, {"segments": []}], {}, {}),
        ([{}, {"labels": []}, {"points": []}, {"labels": ["kick"]}], {"v0": SEEN}, {}),
        ([{}, {}], {"v0": SEEN, "v1": [{"seconds": 1, "label": "background"}]}, {}),
        ([{"labels": ["jump"]}], {}, {"train": {"frame_loss": "none"}}),
        ([{"segments": JUMP}], {}, {"points": {"kinds": "background"}}),
        ([{"points": SEEN}], {}, {}),
    ],
)
def test_training_is_not_refused_where_all_is_known(tmp_path, videos, clicks, changes):
    run = a_run(tmp_path, *videos, changes=changes)
    if clicks:
        save(tmp_path, clicks)
    check_stages(run, TRAIN)


def test_without_action_clicks_a_video_still_has_their_labels(tmp_path):
    """Or it would be learned as background."""
    run = a_run(tmp_path, {}, {}, changes={"points": {"kinds": "background"}})
    save(tmp_path, {"v0": SEEN, "v1": SEEN[1:]})
    header = {
        "made_by": FEATURES.identity(run),
        "grid": SnippetGrid(num_frames=90).to_dict(),
    }
    for id in ("v0", "v1"):
        arrays = {"features": np.zeros((6, 6), np.float32)}
        write_arrays(FEATURES.video_file(run, id), arrays, header)
    found = {video.id: video.labels for video in training_videos(run, {})}
    assert found == {"v0": ("jump", "kick"), "v1": ("kick",)}


def test_decoding_asks_nobody_for_clicks(tmp_path):
    run = a_run(tmp_path, {})
    (tmp_path / CLICKS_FILE).write_text("broken")
    check_stages(run, DECODE)
    with pytest.raises(AnnotationError, match=CLICKS_FILE):
        check_stages(run, POINTS)
