"""Which video a name means."""

import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline.datasets import Dataset, Video
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError


def dataset(*ids, paths=()):
    files = [*paths, *(f"{id}.mp4" for id in ids[len(paths) :])]
    videos = (
        Video(id, "train", Path("videos", file), ())
        for id, file in zip(ids, files, strict=True)
    )
    return Dataset("d", Path("d.json"), Path("videos"), ("a",), tuple(videos))


# A manifest's ids: any text without a folder's separator.
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda id: id.strip() and not set("/\\\0") & set(id)
)


@given(ids)
def test_a_video_is_found_by_all_that_tools_call_it(id):
    names = VideoNames.of(dataset(id))
    for name in (id, f"{id}.mp4", f"{id}.MOV", f"C:\\my videos\\{id}.mp4"):
        assert names.id_of(name) == id
    for name in (quote(id), f"{quote(id)}.mp4", f"file:///v/{quote(id)}.webm"):
        assert names.id_of(name) == id
    for name in (f"https://h/b/{quote(id)}.mp4?X-Amz-Date=1", f"0123abcd-{id}.mp4"):
        assert names.id_of(name) == id
    assert names.id_of(f"/data/local-files/?d={quote(id)}.mp4") == id
    assert names.id_of(unicodedata.normalize("NFD", f" {id}.mp4 ")) == id


def test_an_id_comes_before_a_file_and_a_file_before_its_stem():
    names = VideoNames.of(
        dataset("a.mp4", "a", "b", paths=["x.mp4", "y.mp4", "z 1.mkv"])
    )
    assert names.id_of("a.mp4") == "a.mp4" and names.id_of("a") == "a"
    assert names.id_of("z 1.mkv") == "b" and names.id_of("v/z%201.mp4") == "b"
    assert names.id_of("c.mp4") is None and names.id_of("") is None


def test_files_of_one_name_in_two_folders_mean_neither():
    names = VideoNames.of(dataset("a", "b", paths=["1/clip.mp4", "2/clip.mp4"]))
    assert names.id_of("clip.mp4") is None and names.id_of("b") == "b"


def test_an_episodes_number_is_no_extension():
    assert VideoNames.of(dataset("episode 1")).id_of("episode 1.2") is None


@given(ids)
@example("abc.def")
@example("café")
def test_an_id_alone_is_found_with_and_without_prefix_extension_and_accents(id):
    assume(not id.strip().startswith("v_"))
    for known in (id, f"v_{id}", f"{id}.mp4", f"v_{id}.MKV"):
        names = VideoNames({unicodedata.normalize("NFC", known): ()})
        for name in (id, f"v_{id}", f"{id}.avi", f"v_{id}.mp4"):
            for form in ("NFC", "NFD"):
                found = names.id_of(unicodedata.normalize(form, name))
                assert found == unicodedata.normalize("NFC", known)


def test_a_dot_in_an_id_is_no_extension():
    names = VideoNames(dict.fromkeys(["abc.def", "abc.ghi"], ()))
    assert names.id_of("v_abc.def") == "abc.def" and names.id_of("abc") is None
    assert names.id_of("abc.v1") is None


def test_an_exact_id_comes_before_one_without_its_prefix():
    names = VideoNames(dict.fromkeys(["v_a", "a"], ()))
    assert names.id_of("v_a") == "v_a" and names.id_of("a") == "a"
    assert names.id_of("a.mp4") == "a" and names.id_of("v_a.mp4") == "v_a"


def test_values_are_renamed_and_unknown_names_kept():
    names = VideoNames(dict.fromkeys(["v_a", "b"], ()))
    assert names.renamed({"a": 1, "b.mp4": 2, "c": 3}) == {"v_a": 1, "b": 2, "c": 3}
    assert names.renamed({"b": 1, "b.mp4": 2}) == {"b": 1, "b.mp4": 2}
    with pytest.raises(AnnotationError, match=r"'b\.mp4' and 'b\.mov', .* mean 'b'"):
        names.renamed({"b.mp4": 1, "b.mov": 2})
