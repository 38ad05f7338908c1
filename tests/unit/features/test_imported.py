"""Features that somebody else made, in the layouts that the field has."""

import json
import os
import resource
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from pipeline.datasets import Instance, Video
from pipeline.errors import (
    AnnotationError,
    InputNotFoundError,
    UsageError,
    VideoError,
)
from pipeline.features.imported.features import import_features
from pipeline.features.imported.plan import plan_imports
from pipeline.features.imported.timing import ImportConfig, choose_timing, read_stated
from pipeline.grid import SnippetGrid
from pipeline.storage import read_arrays, write_json

WIDTH = 6
LENGTHS = {"kick 1": 10, "müde": 7}


VIDEOS = [
    Video(id, "train", Path(id), ("a",), (Instance("a", 0.0, 1.0),)) for id in LENGTHS
]


def array(id, width=WIDTH, seed=0):
    shape = (LENGTHS[id], width)
    return np.random.default_rng(len(id) + seed).normal(size=shape).astype(np.float32)


def imported(folder, tmp_path, id="kick 1", videos=VIDEOS, streams="auto", **config):
    """A video's features and grid, as the stage writes them."""
    _, plans = plan_imports(folder, videos, ImportConfig(**config), streams)
    plan = plans[id]
    paths = [file["path"] for file in plan["streams"].values()]
    write_json(tmp_path / "plan.json", plan)
    output = tmp_path / "out" / "features.safetensors"
    import_features([tmp_path / "plan.json", *map(Path, paths)], output, {})
    arrays, header = read_arrays(output)
    return arrays["features"], SnippetGrid(**header["grid"])


def write_npy(folder, id, values):
    np.save(folder / f"{id}.npy", values)


def write_npz(folder, id, values):
    np.savez(folder / f"{id}.npz", features=values, fps=25)


def write_safetensors(folder, id, values):
    save_file({"x": values}, folder / f"v_{id}.safetensors")


def write_hdf5(folder, id, values):
    with h5py.File(folder / "all.h5", "a") as file:
        file[f"v_{id}/c3d_features"] = values


@pytest.mark.parametrize("write", [write_npy, write_npz, write_safetensors, write_hdf5])
def test_each_format_gives_the_same_numbers(write, tmp_path):
    (tmp_path / "theirs").mkdir()
    for id in LENGTHS:
        write(tmp_path / "theirs", id, array(id))
    for id in LENGTHS:
        features, grid = imported(tmp_path / "theirs", tmp_path, id)
        np.testing.assert_array_equal(features, array(id))
        assert grid.num_snippets == LENGTHS[id]


def write_array_of_arrays(folder):
    """As W-TALC and SF-Net have them: names in another file, labels beside them."""
    arrays = np.empty(len(LENGTHS), dtype=object)
    arrays[:] = [array(id) for id in LENGTHS]
    (folder / "Annotations").mkdir(parents=True)
    np.save(folder / "JOINTFeatures.npy", arrays, allow_pickle=True)
    np.save(folder / "Annotations" / "labels.npy", arrays, allow_pickle=True)
    names = np.array([id.encode() for id in LENGTHS])
    np.save(folder / "Annotations" / "videoname.npy", names)


def test_an_array_of_arrays_is_read_by_the_names_beside_it(tmp_path):
    write_array_of_arrays(tmp_path / "theirs")
    for id in LENGTHS:
        features, _ = imported(tmp_path / "theirs", tmp_path, id)
        np.testing.assert_array_equal(features, array(id))


class Harmful:
    def __reduce__(self):
        return print, ("called",)


def test_a_pickle_that_calls_something_is_refused(tmp_path, capsys):
    write_array_of_arrays(tmp_path / "theirs")
    harmful = np.array([Harmful(), Harmful()], dtype=object)
    np.save(tmp_path / "theirs" / "JOINTFeatures.npy", harmful, allow_pickle=True)
    with pytest.raises(
        VideoError, match=r"it holds builtins\.print, which is not part of"
    ):
        imported(tmp_path / "theirs", tmp_path)
    assert "called" not in capsys.readouterr().out


def write_streams(folder):
    for stream, seed in (("rgb", 1), ("flow", 2)):
        (folder / "train" / stream).mkdir(parents=True)
        for id in LENGTHS:
            write_npy(folder / "train" / stream, id, array(id, seed=seed))


def test_folders_rgb_and_flow_stand_side_by_side(tmp_path):
    write_streams(tmp_path / "theirs")
    both, _ = imported(tmp_path / "theirs", tmp_path)
    rgb, flow = array("kick 1", seed=1), array("kick 1", seed=2)
    np.testing.assert_array_equal(both, np.concatenate([rgb, flow], axis=1))
    alone, _ = imported(tmp_path / "theirs", tmp_path, streams="flow")
    np.testing.assert_array_equal(alone, flow)


def test_features_that_stand_upright_are_turned(tmp_path):
    for id in LENGTHS:
        write_npy(tmp_path, id, array(id).T[None])
    features, _ = imported(tmp_path, tmp_path)
    np.testing.assert_array_equal(features, array("kick 1"))


def test_what_is_doubtful_is_refused(tmp_path):
    write_streams(tmp_path)
    with pytest.raises(UsageError, match="--streams joint"):
        imported(tmp_path, tmp_path, streams="joint")
    write_npy(tmp_path, "kick 1", array("kick 1"))
    with pytest.raises(AnnotationError, match="in one file or by stream, found both"):
        imported(tmp_path, tmp_path)
    (tmp_path / "kick 1.npy").unlink()
    write_npz(tmp_path / "train" / "rgb", "kick 1", array("kick 1"))
    with pytest.raises(AnnotationError, match="two files hold the rgb features"):
        imported(tmp_path, tmp_path)


def test_widths_that_differ_are_refused(tmp_path):
    write_npy(tmp_path, "kick 1", array("kick 1"))
    write_npy(tmp_path, "müde", array("müde", width=5))
    with pytest.raises(AnnotationError, match=r"expected arrays \(T, D\) with one D"):
        imported(tmp_path, tmp_path)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="expected a folder of features"):
        imported(tmp_path / "none", tmp_path)
    with pytest.raises(InputNotFoundError, match=r"named like them \('kick 1', 'müde'"):
        imported(tmp_path, tmp_path)
    write_npy(tmp_path, "müde", array("müde"))
    with pytest.raises(VideoError, match="expected features of the video 'kick 1'"):
        imported(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((10, 2, 3), np.float32), r"found float32 of shape \(10, 2, 3\)"),
        (np.array([["a"] * WIDTH] * 3), r"found <U1 of shape \(3, 6\)"),
    ],
)
def test_an_array_that_is_no_sequence_is_named(values, message, tmp_path):
    write_npy(tmp_path, "kick 1", values)
    with pytest.raises(VideoError, match=message):
        imported(tmp_path, tmp_path, videos=VIDEOS[:1])


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "kick 1.npy").write_bytes(b"<html>")
    with pytest.raises(VideoError, match=r"kick 1\.npy: expected an array of features"):
        imported(tmp_path, tmp_path)


def claim_npz(path):
    """An archive whose array has a header for 24 GB, and no numbers."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 6000)}
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, header)


def squeeze_npz(path):
    np.savez_compressed(path, np.zeros((4000, 6000), np.float32))


def claim_hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**6, 6000), "f4")


def squeeze_hdf5(path):
    with h5py.File(path, "w") as file:
        zeros = np.zeros((4000, 6000), np.float32)
        file.create_dataset("x", data=zeros, compression="gzip")


def claim_npy(path):
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 6000)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)


def claim_safetensors(path):
    info = {"dtype": "F32", "shape": [10**6, 6000], "data_offsets": [0, 24 * 10**9]}
    header = json.dumps({"x": info}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)


CLAIMS = [
    ("kick 1.npz", claim_npz),
    ("kick 1.npz", squeeze_npz),
    ("kick 1.h5", claim_hdf5),
    ("kick 1.hdf5", squeeze_hdf5),
    ("kick 1.npy", claim_npy),
    ("kick 1.safetensors", claim_safetensors),
]


@pytest.mark.parametrize(("name", "write"), CLAIMS)
def test_a_file_that_claims_gigabytes_is_refused_without_reading_them(
    tmp_path, name, write
):
    write(tmp_path / name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(VideoError, match=rf"{name}: expected an array of features"):
        imported(tmp_path, tmp_path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000  # kB


def test_features_that_compress_well_are_read(tmp_path):
    sparse = np.zeros((LENGTHS["kick 1"], 2048), np.float32)
    sparse[:, ::50] = 1
    np.savez_compressed(tmp_path / "kick 1.npz", sparse)
    np.testing.assert_array_equal(imported(tmp_path, tmp_path)[0], sparse)


@pytest.mark.parametrize("name", ["kick 1.npy", "kick 1.npz", "kick 1.h5"])
def test_a_pipe_among_the_features_is_named_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(VideoError, match=rf"{name}.*a pipe"):
        imported(tmp_path, tmp_path)


def test_a_pipe_of_another_name_is_left_alone(tmp_path):
    write_npy(tmp_path, "kick 1", array("kick 1"))
    for name in ("all.h5", "features.npy", "videoname.npy"):
        os.mkfifo(tmp_path / name)
    np.testing.assert_array_equal(imported(tmp_path, tmp_path)[0], array("kick 1"))


@pytest.mark.parametrize("write", [write_npy, write_npz, write_safetensors])
def test_one_broken_file_is_one_failed_video(write, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for id in LENGTHS:
        write(theirs, id, array(id))
    bad = next(theirs.glob("*kick 1.*"))
    bad.write_bytes(bad.read_bytes()[:40])
    with pytest.raises(VideoError, match=rf"{bad.name}: expected an array of features"):
        imported(theirs, tmp_path)
    features, _ = imported(theirs, tmp_path, "müde")
    np.testing.assert_array_equal(features, array("müde"))


def test_a_broken_file_of_many_videos_is_named(tmp_path):
    write_hdf5(tmp_path, "müde", array("müde"))
    (tmp_path / "all.h5").write_bytes((tmp_path / "all.h5").read_bytes()[:500])
    with pytest.raises(VideoError, match=r"all\.h5: expected an array of features"):
        imported(tmp_path, tmp_path)


def external_link(file, outside):
    file["müde"] = h5py.ExternalLink(outside, "/x")


def soft_link_to_an_external_one(file, outside):
    file.create_group("other")["x"] = h5py.ExternalLink(outside, "/x")
    file["müde"] = h5py.SoftLink("/other/x")


def external_link_in_a_group(file, outside):
    file.create_group("müde")["features"] = h5py.ExternalLink(outside, "/x")


def external_storage(file, outside):
    raw = outside.with_suffix(".raw")
    raw.write_bytes(array("müde").tobytes())
    external = [(str(raw), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("müde", array("müde").shape, "f4", external=external)


def virtual_dataset(file, outside):
    layout = h5py.VirtualLayout(array("müde").shape, "f4")
    layout[:] = h5py.VirtualSource(outside, "x", array("müde").shape)
    file.create_virtual_dataset("müde", layout)


@pytest.mark.parametrize(
    "write",
    [
        external_link,
        soft_link_to_an_external_one,
        external_link_in_a_group,
        external_storage,
        virtual_dataset,
    ],
)
def test_numbers_in_other_files_than_the_hdf5_file_are_not_read(write, tmp_path):
    (tmp_path / "features").mkdir()
    outside = tmp_path / "outside.h5"
    with h5py.File(outside, "w") as file:
        file["x"] = array("müde")
    with h5py.File(tmp_path / "features" / "all.h5", "w") as file:
        file["kick 1"] = array("kick 1")
        write(file, outside)
    with pytest.raises(VideoError, match=r"all\.h5: .* not read"):
        imported(tmp_path / "features", tmp_path, "müde")
    found, _ = imported(tmp_path / "features", tmp_path, videos=VIDEOS[:1])
    np.testing.assert_array_equal(found, array("kick 1"))


def test_a_link_of_hdf5_is_not_even_followed(tmp_path):
    os.mkfifo(tmp_path / "waits")  # opening it would wait for a writer
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["müde"] = h5py.ExternalLink(tmp_path / "waits", "/x")
    with pytest.raises(VideoError, match="müde is a link"):
        imported(tmp_path, tmp_path, "müde")


@pytest.mark.parametrize("name", ["müde.npy", "flow", "features.json"])
def test_a_link_that_leaves_the_folder_of_features_is_named(name, tmp_path):
    folder, outside = tmp_path / "features", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    write_npy(folder, "kick 1", array("kick 1"))
    write_npy(outside, "müde", array("müde"))
    target = outside / "müde.npy" if name == "müde.npy" else outside
    (folder / name).symlink_to(target)
    with pytest.raises(UsageError, match=f"{name}: expected .* found a link"):
        imported(folder, tmp_path)


def test_links_within_a_folder_of_features_and_to_it_are_followed(tmp_path):
    (tmp_path / "there" / "own").mkdir(parents=True)
    write_npy(tmp_path / "there" / "own", "x", array("müde"))
    (tmp_path / "there" / "müde.npy").symlink_to(Path("own", "x.npy"))
    (tmp_path / "here").symlink_to(tmp_path / "there")
    found, _ = imported(tmp_path / "here", tmp_path, "müde", VIDEOS[1:])
    np.testing.assert_array_equal(found, array("müde"))


def test_streams_of_different_lengths_are_named(tmp_path):
    write_streams(tmp_path)
    write_npy(tmp_path / "train" / "flow", "kick 1", array("kick 1")[:8])
    with pytest.raises(VideoError, match="'rgb': 10, 'flow': 8"):
        imported(tmp_path, tmp_path)


# When the snippets are.


@given(
    fps=st.sampled_from([25.0, 30.0]),
    stride=st.sampled_from([4, 8, 16]),
    durations=st.lists(st.floats(100, 400), min_size=3, max_size=20),
    is_padded=st.booleans(),
)
def test_the_rate_is_found_from_durations_and_lengths(
    fps, stride, durations, is_padded
):
    seconds = {str(i): d for i, d in enumerate(durations)}
    lengths = {id: int(d * fps // stride) + is_padded for id, d in seconds.items()}
    timing = choose_timing(ImportConfig(), lengths, seconds)
    assert not timing.is_own
    assert timing.stride_frames / timing.fps == pytest.approx(stride / fps, rel=0.02)
    for id, length in lengths.items():
        grid = timing.grid("v", length, seconds[id])
        assert grid.num_snippets == length
        assert grid.end_seconds == pytest.approx(seconds[id], rel=0.02)


def test_short_videos_do_not_pass_for_another_rate():
    durations = {"a": 3.6, "b": 4.0}
    timing = choose_timing(ImportConfig(), {"a": 6, "b": 7}, durations)
    assert (timing.fps, timing.stride_frames) == (25, 16)
    assert timing.grid("v", 6, 3.6).end_seconds == pytest.approx(3.6)


def test_features_of_one_length_span_their_videos():
    durations = {"a": 10.0, "b": 200.0, "c": 50.0}
    timing = choose_timing(ImportConfig(), dict.fromkeys(durations, 100), durations)
    assert timing.is_own and "span its duration" in timing.sentence
    for duration in durations.values():
        grid = timing.grid("v", 100, duration)
        assert grid.num_snippets == 100
        assert grid.end_seconds == pytest.approx(duration)


def test_without_durations_the_papers_rate_is_taken_and_said():
    timing = choose_timing(ImportConfig(), {"a": 10}, {"a": None})
    assert (timing.fps, timing.stride_frames) == (25, 16)
    assert "assumed because no video's duration is known" in timing.sentence


@given(fps=st.floats(1, 60), stride=st.integers(1, 64), length=st.integers(1, 500))
def test_what_the_user_says_wins(fps, stride, length):
    config = ImportConfig(fps=fps, stride_frames=stride)
    timing = choose_timing(config, {"a": length}, {"a": 77.0})
    grid = timing.grid("v", length, None)
    assert grid.num_snippets == length
    assert grid.end_seconds == pytest.approx(length * stride / fps)


def test_an_annotation_beyond_the_features_is_named(tmp_path):
    write_npy(tmp_path, "kick 1", array("kick 1"))
    _, plans = plan_imports(tmp_path, VIDEOS[:1], ImportConfig(), "auto")
    write_json(tmp_path / "plan.json", plans["kick 1"])
    inputs = [tmp_path / "plan.json", tmp_path / "kick 1.npy"]
    with pytest.raises(VideoError, match=r"ends at 9 s, beyond .* --features-fps"):
        import_features(inputs, tmp_path / "o.safetensors", {}, 9.0)


@pytest.mark.parametrize(
    "content", ["{}", '{"videos": {"a": {}}}', '{"videos": ["a"]}', "[]", "{"]
)
def test_a_features_json_of_another_kind_is_a_clear_error(tmp_path, content):
    (tmp_path / "features.json").write_text(content)
    with pytest.raises(AnnotationError, match="expected the times of features"):
        read_stated(tmp_path)


def test_files_are_found_by_other_forms_of_the_id(tmp_path):
    for id, name in (("kick 1", "v_kick 1.mp4"), ("müde", "mu\u0308de")):
        write_npy(tmp_path, name, array(id))
        np.testing.assert_array_equal(imported(tmp_path, tmp_path, id)[0], array(id))


def test_features_of_other_videos_are_named(tmp_path):
    write_npy(tmp_path, "other", array("müde"))
    with pytest.raises(InputNotFoundError, match="found only others: 'other'"):
        imported(tmp_path, tmp_path)
