import subprocess

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import SodaError
from pipeline.storage import (
    atomic_path,
    cell_of,
    csv_text,
    disk_full,
    file_name,
    fingerprint,
    is_full,
    read_arrays,
    read_header,
    read_json,
    remove_temporaries,
    shown_name,
    text_of,
    write_arrays,
    write_json,
    write_text,
    writing,
)


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "sub" / "file.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.suffix == ".txt"
    assert path.read_text() == "half"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_path(path) as temporary:
        temporary.write_text("new")
        raise error
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_one_clear_sentence(tmp_path):
    with (
        pytest.raises(SodaError, match="full; free some space"),
        atomic_path(tmp_path / "file"),
    ):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())
    assert "--workdir" in str(disk_full(tmp_path / "x"))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 200 kB and 20 files."""
    folder = tmp_path / "small"
    folder.mkdir()
    limits = "size=200k,nr_inodes=20"
    mount = ["mount", "-t", "tmpfs", "-o", limits, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_without_room_for_another_file_is_full(small_disk):
    assert not is_full(small_disk)
    with pytest.raises(SodaError, match="is full; delete some files or choose"):
        for index in range(30):
            write_text(small_disk / f"{index}.txt", "")
    assert is_full(small_disk)
    # As libraries report it, which hide the system's error.
    with pytest.raises(SodaError, match="is full"), writing(small_disk / "x"):
        raise RuntimeError("could not write")


def save_tensor(path):
    with atomic_path(path) as temporary:
        torch.save(torch.zeros(10**6), temporary)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_arrays(path, {"a": np.zeros(10**6)}, {}),
        lambda path: write_json(path, "x" * 10**6),
        save_tensor,
    ],
)
def test_every_library_that_meets_a_full_disk_says_so(small_disk, write):
    with pytest.raises(SodaError, match="full; free some space"):
        write(small_disk / "file.safetensors")
    assert not list(small_disk.iterdir())


def test_files_are_readable_by_others(tmp_path):
    write_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").stat().st_mode & 0o444 == 0o444


def test_arrays_and_their_header_come_back(tmp_path):
    path = tmp_path / "a.safetensors"
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    write_arrays(path, {"a": array}, {"fps": 25.0, "names": ["x", "ä"]})
    arrays, header = read_arrays(path)
    np.testing.assert_array_equal(arrays["a"], array)
    assert header == {"fps": 25.0, "names": ["x", "ä"]} == read_header(path)


def test_fingerprints_differ_with_any_value():
    assert fingerprint({"a": {"b": 1}}) != fingerprint({"a": {"b": 2}})
    assert fingerprint({"a": (1, 2)}) == fingerprint({"a": [1, 2]})


names = st.text(st.characters(codec=None), min_size=1, max_size=300)
ODD = [".tmp-0-v", "a/b", "a%2Fb", "%%2F", "\0", "\ud800", "-", "測" * 99, "測" * 98]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names | st.sampled_from(ODD), unique=True))
@example(ODD)
def test_every_id_has_a_name_of_its_own_that_a_file_can_have(tmp_path, ids):
    for make_name in (file_name, shown_name):
        found = {make_name(id): id for id in ids}
        assert len(found) == len(ids)
        for name in found:
            path = tmp_path / f"{name}.safetensors"
            write_text(path, name)
            remove_temporaries(tmp_path)
            assert path.parent == tmp_path and path.read_text() == name


@pytest.mark.parametrize("name", ["x" * 255, "測" * 85])
def test_the_longest_names_are_written(tmp_path, name):
    write_text(tmp_path / name, "text")
    assert (tmp_path / name).read_text() == "text"


def test_halves_of_surrogate_pairs_come_back_from_json(tmp_path):
    value = {"\udce9": ["\\", "\ud800", "é"]}
    write_json(tmp_path / "v.json", value)
    assert read_json(tmp_path / "v.json") == value


@given(st.text())
@example("=1+1")
@example("''-1")
def test_a_cell_is_no_formula_and_gives_its_text_back(text):
    assert not str(cell_of(text)).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert text_of(cell_of(text)) == text


def test_numbers_in_tables_stay_numbers():
    assert csv_text([["-a", -0.5, -3, None]]) == "'-a,-0.5,-3,\n"
