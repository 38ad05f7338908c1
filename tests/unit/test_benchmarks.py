"""Datasets by their names: where their files are looked for, and what is in them."""

import json
import shutil

import pytest

from pipeline.datasets import load_dataset
from pipeline.errors import InputNotFoundError, UsageError
from tests.timeline_maker import write_timeline


def video_files(folder, *ids):
    folder.mkdir(parents=True)
    for id in ids:
        (folder / f"{id}.mp4").write_bytes(b"x")


def counts(dataset, subset):
    videos = dataset.of_subset(subset)
    return len(videos), sum(len(video.instances) for video in videos)


@pytest.mark.parametrize(
    ("test_list", "test"), [("210", (210, 3311)), ("212", (212, 3358)), ("213", None)]
)
def test_thumos14_has_its_published_counts(shared_data, test_list, test):
    dataset = load_dataset(
        "thumos14",
        data_folder=shared_data,
        thumos14_list=test_list,
        with_videos=False,
    )
    assert dataset.name == "thumos14" and len(dataset.classes) == 20
    assert counts(dataset, "train") == (200, 3007)
    assert counts(dataset, "test") == (test or (213, 3358))
    assert any(video.ambiguous for video in dataset.videos)


def test_basnets_file_holds_the_same_videos(shared_data, tmp_path):
    shutil.copy(shared_data / "thumos14" / "gt_basnet.json", tmp_path / "gt.json")
    theirs = load_dataset("thumos14", data_folder=tmp_path, with_videos=False)
    ours = load_dataset("thumos14", data_folder=shared_data, with_videos=False)
    for subset in ("train", "test"):
        assert {v.id for v in theirs.of_subset(subset)} == {
            v.id for v in ours.of_subset(subset)
        }
    assert theirs.classes == ours.classes


def test_activitynet_has_its_published_counts(shared_data, caplog):
    dataset = load_dataset("activitynet1.2", data_folder=shared_data, with_videos=False)
    assert dataset.name == "activitynet1.2" and len(dataset.classes) == 100
    assert len(dataset.of_subset("train")) == 4819
    assert len(dataset.videos) + len(dataset.unused) == 9682
    (warning,) = [record.getMessage() for record in caplog.records]
    assert (
        "leaving out instances of zero length in the videos: 2IRQ5fPwHV8, 6KXVjADefBY"
        in warning
    )
    labels = {video.id: video.labels for video in dataset.videos}
    assert labels["2IRQ5fPwHV8"] == ("Getting a haircut",)


def test_files_are_found_in_the_benchmarks_own_folder(tmp_path):
    write_timeline(tmp_path / "thumos14" / "annotations")
    video_files(tmp_path / "thumos14" / "videos" / "test", "video_test_1")
    dataset = load_dataset("thumos14", data_folder=tmp_path)
    path = {video.id: video.path for video in dataset.videos}["video_test_1"]
    assert path == tmp_path / "thumos14" / "videos" / "test" / "video_test_1.mp4"
    assert load_dataset("thumos14", data_folder=tmp_path / "thumos14") == dataset
    elsewhere = tmp_path / "thumos14" / "videos" / "test"
    assert load_dataset("thumos14", elsewhere, tmp_path).videos_folder == elsewhere


def test_activitynets_videos_may_have_a_prefix(tmp_path):
    annotation = {"subset": "training", "annotations": [], "duration": 3}
    annotation["annotations"] = [{"segment": [0, 1], "label": "jump"}]
    (tmp_path / "activity_net.v1-3.min.json").write_text(
        json.dumps({"database": {"-a": annotation, "b": annotation}})
    )
    video_files(tmp_path / "videos", "v_-a", "b")
    dataset = load_dataset("activitynet1.3", data_folder=tmp_path)
    assert [v.path.name for v in dataset.videos] == ["v_-a.mp4", "b.mp4"]


def test_what_is_missing_is_named_with_the_command_that_gets_it(tmp_path):
    with pytest.raises(InputNotFoundError, match=r"soda download activitynet1\.3"):
        load_dataset("activitynet1.3", data_folder=tmp_path)
    write_timeline(tmp_path / "thumos14")
    with pytest.raises(InputNotFoundError, match=r"contains no video file.*--videos"):
        load_dataset("thumos14", data_folder=tmp_path)
    with pytest.raises(UsageError, match="--thumos14-list 211: expected one of 213"):
        load_dataset("thumos14", data_folder=tmp_path, thumos14_list="211")
