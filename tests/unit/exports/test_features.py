"""Features in other tools' layouts, read back as those tools read them."""

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets import Dataset, Instance, Video
from pipeline.datasets.simulated import SimulationConfig
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.exports import export_features
from pipeline.features.file import read_features
from pipeline.features.simulated import draw_features
from pipeline.grid import SnippetGrid
from pipeline.storage import (
    file_name,
    plain,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)

SECONDS = {"a b": 8.0, "c/d": 12.0, "e": 20.0}
JUMP = Instance("jump", 2.0, 5.0)


def rewrite(path, stride_frames=16, fps=25.0):
    """Write a file of features anew, made at another stride or frame rate."""
    arrays, header = read_arrays(path)
    made = {**header["grid"], "stride_frames": stride_frames, "fps": fps}
    snippets = SnippetGrid(**made).num_snippets
    features = np.resize(arrays["features"], (snippets, 2048))
    write_arrays(path, {"features": features}, {**header, "grid": made})


@pytest.fixture
def work(tmp_path):
    """A work folder with the features of three videos."""
    for id, seconds in SECONDS.items():
        timeline = tmp_path / "timeline.json"
        content = {"id": id, "duration_seconds": seconds, "instances": [JUMP]}
        write_json(timeline, plain(content))
        path = tmp_path / "work/features/0123" / f"{file_name(id)}.safetensors"
        config = plain(SimulationConfig())
        draw_features([timeline], path, config, {"simulation": config})
    return tmp_path / "work"


@pytest.fixture
def dataset(tmp_path):
    """Two of the three videos, and one that has no features."""
    subsets = {"a b": "train", "c/d": "test", "x": "test"}
    videos = tuple(
        Video(id, subset, tmp_path / id, ("jump",), (JUMP,))
        for id, subset in subsets.items()
    )
    return Dataset("toy", tmp_path / "toy.json", tmp_path, ("dive", "jump"), videos)


def features_of(work):
    """The features and their grid, by file name."""
    paths = sorted((work / "features/0123").glob("*.safetensors"))
    return {path.stem: read_features(path) for path in paths}


def test_arrays_come_back_with_their_times(work, tmp_path):
    assert export_features(work, "npy", tmp_path / "out") == 3
    said = read_json(tmp_path / "out/features.json")
    assert (said["snippet_frames"], said["stride_frames"]) == (16, 16)
    assert said["widths"] == {"rgb": 1024, "flow": 1024}
    assert [video["id"] for video in said["videos"].values()] == list(SECONDS)
    for name, (features, grid) in features_of(work).items():
        array = np.load(tmp_path / "out" / f"{name}.npy")
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, features)
        assert said["videos"][name]["fps"] == grid.fps
        assert said["videos"][name]["num_snippets"] == len(array)
        assert said["videos"][name]["duration_seconds"] == grid.duration_seconds


def test_basnets_reader_finds_both_streams_and_the_truth(
    work, dataset, tmp_path, capsys
):
    out = tmp_path / "out"
    assert export_features(work, "basnet", out, dataset) == 2
    assert "2 videos are exported: the dataset has 3, and" in capsys.readouterr().err
    database = read_json(out / "gt.json")["database"]
    expected = features_of(work)
    for mode, names in {"train": ["a b"], "test": ["c%2Fd"]}.items():
        assert (out / f"split_{mode}.txt").read_text().splitlines() == names
        for name in names:
            streams = [
                np.load(out / "features" / mode / stream / f"{name}.npy")
                for stream in ("rgb", "flow")
            ]
            assert all(array.shape[1] == 1024 for array in streams)
            joint = np.concatenate(streams, axis=1)
            np.testing.assert_array_equal(joint, expected[name][0])
            assert database[name]["subset"] == mode
            assert database[name]["annotations"] == [
                {"label": "jump", "segment": [2.0, 5.0]}
            ]
    config = read_json(out / "basnet.json")
    assert config["class_dict"] == {"0": "dive", "1": "jump"}
    assert (config["modal"], config["len_feature"]) == ("all", 2048)
    assert config["feature_fps"] == 25


def test_basnets_fixed_stride_is_made_up_for_by_the_rate(work, dataset, tmp_path):
    for path in (work / "features/0123").iterdir():
        rewrite(path, stride_frames=8)
    export_features(work, "basnet", tmp_path / "out", dataset)
    # It takes snippet i for the one that begins at i * 16 / feature_fps seconds.
    feature_fps = read_json(tmp_path / "out/basnet.json")["feature_fps"]
    assert 3 * 16 / feature_fps == features_of(work)["e"][1].snippet_interval(3)[0]


def test_actionformer_lays_the_snippets_where_they_are(work, dataset, tmp_path):
    out = tmp_path / "out"
    export_features(work, "actionformer", out, dataset)
    config = read_json(out / "actionformer.json")
    values = config["dataset"]
    database = read_json(Path(values["json_file"]))["database"]
    assert values["num_classes"] == 2 and values["input_dim"] == 2048
    for name, (features, grid) in list(features_of(work).items())[:2]:
        array = np.load(f"{values['feat_folder']}/{name}{values['file_ext']}")
        np.testing.assert_array_equal(array, features)
        entry = database[name]
        assert entry["subset"] in config["train_split"] + config["val_split"]
        assert (entry["fps"], entry["duration"]) == (25, grid.end_seconds)
        (annotation,) = entry["annotations"]
        assert annotation == {"label": "jump", "label_id": 1, "segment": [2.0, 5.0]}
        # As its dataset turns seconds into positions, on which snippet 2 is at 2.
        start, end = grid.snippet_interval(2)
        frame = (start + end) / 2 * values["default_fps"]
        position = (frame - 0.5 * values["num_frames"]) / values["feat_stride"]
        assert position == pytest.approx(2)


def test_actionformer_reads_the_rate_of_each_video_where_they_differ(work, tmp_path):
    rewrite(work / "features/0123/e.safetensors", fps=30.0)
    export_features(work, "actionformer", tmp_path / "out")
    config = read_json(tmp_path / "out/actionformer.json")
    assert config["dataset"]["default_fps"] is None
    assert "json_file" not in config["dataset"]
    said = read_json(tmp_path / "out/features.json")["videos"]
    assert [video["fps"] for video in said.values()] == [25, 25, 30]


def test_only_what_changed_is_written_again(work, tmp_path, capsys):
    def export():
        export_features(work, "npy", tmp_path / "out")
        return capsys.readouterr().err

    assert "done before: 0, to do: 3" in export()
    assert "done before: 3, to do: 0" in export()
    source = work / "features/0123/e.safetensors"
    rewrite(source, stride_frames=16)
    # Older than the output that is there, and another one all the same.
    os.utime(source, (1, 1))
    assert "done before: 2, to do: 1" in export()
    (tmp_path / "out/a b.npy").unlink()
    assert "done before: 2, to do: 1" in export()


def test_one_kind_of_features_is_exported_at_a_time(work, tmp_path):
    first = work / "features/0123"
    export_features(first, "npy", tmp_path / "out")
    export_features(first.parent, "npy", tmp_path / "out")
    rewrite(first / "e.safetensors", stride_frames=8)
    with pytest.raises(AnnotationError, match=r"e\.safetensors: expected features of"):
        export_features(work, "npy", tmp_path / "out")
    (work / "features/4567").mkdir()
    (first / "e.safetensors").rename(work / "features/4567/e.safetensors")
    with pytest.raises(UsageError, match="expected one kind of features, found 2;"):
        export_features(work, "npy", tmp_path / "out")


def test_a_dataset_without_effect_is_named_and_does_no_harm(
    work, dataset, tmp_path, capsys
):
    few = dataset.with_videos(dataset.videos[:1])
    assert export_features(work, "npy", tmp_path / "out", few) > 1
    assert "--dataset has no effect on npy" in capsys.readouterr().err


def test_what_cannot_be_exported_is_named(work, dataset, tmp_path):
    def export(folder, format, dataset=None):
        export_features(folder, format, tmp_path / "out", dataset)

    with pytest.raises(UsageError, match="--format mat: expected one of npy, basnet"):
        export(work, "mat")
    with pytest.raises(UsageError, match="give it with --dataset"):
        export(work, "basnet")
    with pytest.raises(UsageError, match="such as 'a b', found none of them"):
        export(work, "basnet", dataset.with_videos(dataset.videos[2:]))
    with pytest.raises(InputNotFoundError, match="x: expected a folder, found none"):
        export(tmp_path / "x", "npy")
    with pytest.raises(InputNotFoundError, match="run ExtractFeatures"):
        export(tmp_path, "npy")
    rewrite(work / "features/0123/c%2Fd.safetensors", fps=30.0)
    with pytest.raises(UsageError, match="features of one frame rate, found 25, 3"):
        export(work, "basnet", dataset)
    other = work / "features/0123/z.safetensors"
    write_arrays(other, {"features": np.zeros((1, 2048), np.float32)}, {})
    with pytest.raises(AnnotationError, match=r"z\.safetensors: expected features tha"):
        export(work, "npy")
    assert not list((tmp_path / "out").glob("**/*.npy"))
