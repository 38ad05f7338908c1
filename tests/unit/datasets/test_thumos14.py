import pytest

from pipeline.datasets import Instance
from pipeline.datasets.thumos14 import AMBIGUOUS, read_thumos14
from pipeline.errors import AnnotationError, InputNotFoundError
from tests.timeline_maker import TINY, write_timeline


def count(annotations):
    labels = [i.label for found in annotations.values() for i in found]
    ambiguous = labels.count(AMBIGUOUS)
    return len(annotations), len(labels) - ambiguous, ambiguous


def test_the_official_annotations_are_read_whole(shared_data):
    subsets = read_thumos14(shared_data / "thumos14")
    assert count(subsets["train"])[:2] == (200, 3007)
    assert count(subsets["test"])[:2] == (210, 3311)
    labels = {i.label for a in subsets.values() for found in a.values() for i in found}
    assert len(labels - {AMBIGUOUS}) == 20
    everything = read_thumos14(shared_data / "thumos14", excluded=())
    assert count(everything["test"]) == (213, 3358, 99)


def test_subsets_videos_and_instances_are_in_order(tmp_path):
    lines = "video_test_2 7 8\nvideo_test_1 5.5 6\nvideo_test_1 1 2\n"
    subsets = read_thumos14(write_timeline(tmp_path, {**TINY, "Jump_test": lines}))
    assert list(subsets) == ["train", "test"]
    assert subsets["test"] == {
        "video_test_1": (Instance("Jump", 1, 2), Instance("Jump", 5.5, 6)),
        "video_test_2": (Instance("Throw", 6, 12), Instance("Jump", 7, 8)),
    }


def test_windows_files_and_empty_lines_are_read(tmp_path):
    lines = "\ufeffvideo_test_1\t4.0 9.0\r\n\r\n  video_test_1  20.0 22.5 \r\n"
    odd = write_timeline(tmp_path / "odd", {**TINY, "Jump_test": lines})
    assert read_thumos14(odd) == read_thumos14(write_timeline(tmp_path / "plain"))


@pytest.mark.parametrize(
    "line",
    [
        "video_test_1 9.0 4.0",
        "video_test_1 4.0 4.0",
        "video_test_1 -1 4.0",
        "video_test_1 nan 4.0",
        "video_test_1 1 inf",
        "video_test_1 one 4.0",
        "video_test_1 4.0",
        "video_test_1 Jump 1 2",
    ],
)
def test_lines_that_are_no_segments_are_all_named(tmp_path, line):
    text = f"{TINY['Jump_test']}\n{line}\n{line}\n"
    folder = write_timeline(tmp_path, {**TINY, "Jump_test": text})
    with pytest.raises(AnnotationError, match="2 lines are not segments") as caught:
        read_thumos14(folder)
    message = str(caught.value)
    for number in (4, 5):
        assert f"Jump_test.txt, line {number}: expected `video_id start" in message
    assert repr(line) in message


def test_files_in_another_encoding_or_closed_ones_are_named(bound_folder):
    folder = write_timeline(bound_folder)
    path = folder / "test" / "Jump_test.txt"
    path.write_bytes("vidéo 1 2\n".encode("latin-1"))
    with pytest.raises(AnnotationError, match=r"Jump_test\.txt: .*0xe9 at 3; save"):
        read_thumos14(folder)
    path.chmod(0)
    with pytest.raises(AnnotationError, match=r"Jump_test\.txt: .*denied"):
        read_thumos14(folder)


def test_ids_may_be_in_any_script(tmp_path):
    lines = "größe_測試 1 2\n"
    subsets = read_thumos14(write_timeline(tmp_path, {**TINY, "Jump_test": lines}))
    assert subsets["test"]["größe_測試"] == (Instance("Jump", 1, 2),)


def test_a_folder_without_annotations_is_named(tmp_path):
    train = {name: text for name, text in TINY.items() if name.endswith("_val")}
    with pytest.raises(InputNotFoundError, match=r"such as Diving_test\.txt"):
        read_thumos14(write_timeline(tmp_path, train))
    with pytest.raises(InputNotFoundError, match="no-such"):
        read_thumos14(tmp_path / "no-such")


def test_a_class_in_two_files_is_named(tmp_path):
    write_timeline(tmp_path / "copy")
    with pytest.raises(AnnotationError, match="two files of the class"):
        read_thumos14(write_timeline(tmp_path))
