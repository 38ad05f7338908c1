"""A manifest from a folder of videos, or from a table."""

import json

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli.init import init_command
from pipeline.datasets import BACKGROUND, Instance, load_dataset
from pipeline.datasets.draft import (
    DraftVideo,
    entries_of_folder,
    with_subsets,
)
from pipeline.datasets.folder import find_detected_videos, unique_ids
from pipeline.datasets.table import entries_of_table
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from tests.video_maker import numbered_pictures, write_video

APP = typer.Typer()
APP.command()(init_command)


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def encode(folder, *names):
    for name in touch(folder, *names) and names:
        write_video(folder / name, numbered_pictures(25 + len(name)))
    return folder


def table(folder, text):
    path = folder / "actions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def init(*arguments):
    """What was printed; errors are raised as they are."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(APP, [*words, "--jobs", "1"], catch_exceptions=False)


def test_sub_folders_are_labels(tmp_path):
    touch(tmp_path, "pour/1.mp4", "pour/deep/2.mkv", "background/3.avi", "4.mp4")
    touch(tmp_path, "pour/notes.txt", ".hidden")
    labels = {e.path.name: e.labels for e in entries_of_folder(tmp_path)}
    pour = ("pour",)
    assert labels == {"1.mp4": pour, "2.mkv": pour, "3.avi": (), "4.mp4": None}
    assert {entry.subset for entry in entries_of_folder(tmp_path)} == {None}


def test_classes_can_be_named_before_anybody_has_clicked(tmp_path):
    encode(tmp_path, "1.mp4", "2.mp4")
    init(tmp_path, "--classes", "pour,stir")
    dataset = load_dataset(str(tmp_path / "dataset.json"))
    assert dataset.classes == ("pour", "stir")
    assert [video.labels for video in dataset.videos] == [(), ()]


def test_train_and_test_at_the_top_are_subsets(tmp_path):
    touch(tmp_path, "train/pour/1.mp4", "train/2.mp4", "test/stir/3.mp4")
    found = {e.path.name: (e.subset, e.labels) for e in entries_of_folder(tmp_path)}
    assert found == {
        "1.mp4": ("train", ("pour",)),
        "2.mp4": ("train", None),
        "3.mp4": ("test", ("stir",)),
    }
    touch(tmp_path, "pour/4.mp4")
    with pytest.raises(UsageError, match=r"(?s)move these\n.*pour/4\.mp4"):
        entries_of_folder(tmp_path)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Train", "Test"),
        ("TRAINING", "testing"),
        ("training_set", "Val"),
        ("val", "test"),
    ],
)
def test_folders_of_subsets_may_be_spelled_otherwise(tmp_path, train, test):
    touch(tmp_path, f"{train}/jump/1.mp4", f"{test}/jump/2.mp4", f"{test}/BG/3.mp4")
    found = {e.path.name: (e.subset, e.labels) for e in entries_of_folder(tmp_path)}
    assert found == {
        "1.mp4": ("train", ("jump",)),
        "2.mp4": ("test", ("jump",)),
        "3.mp4": ("test", ()),
    }


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train/1.mp4", "val/2.mp4", "test/3.mp4"], "three: 'test', 'train', 'val'"),
        (["train_1/1.mp4", "test_1/2.mp4"], "'test_1', 'train_1'"),
        (["Train/1.mp4"], "'Train'"),
        (["Train/jump/1.mp4", "jump/2.mp4"], "'Train/jump'"),
        (["jump/train/1.mp4", "jump/test/2.mp4"], "'jump/test', 'jump/train'"),
        (["videos/Train/a/1.mp4", "videos/Test/a/2.mp4"], "'videos/Test', 'videos/Tr"),
    ],
)
def test_folders_that_may_be_subsets_are_refused_by_name(tmp_path, names, found):
    touch(tmp_path, *names)
    with pytest.raises(UsageError, match=f"found {found}"):
        entries_of_folder(tmp_path)


def test_one_of_them_alone_is_a_label(tmp_path):
    touch(tmp_path, "train/1.mp4", "car/2.mp4")
    assert [e.labels for e in entries_of_folder(tmp_path)] == [("car",), ("train",)]


def test_a_table_has_a_row_an_action(tmp_path):
    touch(tmp_path, "a b.mp4", "ü,2.mp4", "3.mp4")
    text = (
        "\ufeffpath, label ,start_seconds,end_seconds\r\n"
        "a b.mp4,pour,1,2.5\r\n\r\n"
        "a b.mp4, stir,3,4\r\n"
        '"ü,2.mp4",pour,,\r\n'
        "3.mp4,background,,\r\n"
    )
    first, second, third = entries_of_table(table(tmp_path, text), tmp_path)
    assert first.instances == (Instance("pour", 1, 2.5), Instance("stir", 3, 4))
    assert first.labels == ("pour", "stir")
    assert (second.path.name, second.labels) == ("ü,2.mp4", ("pour",))
    assert third.labels == () and third.subset is None


def test_a_table_may_spell_subsets_and_background_otherwise(tmp_path):
    touch(tmp_path, "1.mp4", "2.mp4")
    text = "path,label,subset\r1.mp4,pour,Training\r2.mp4,None,VAL\r"
    path = tmp_path / "actions.csv"
    path.write_bytes(text.encode("utf-16"))
    first, second = entries_of_table(path, tmp_path)
    assert (first.subset, first.labels) == ("train", ("pour",))
    assert (second.subset, second.labels) == ("test", ())


def test_all_problems_of_a_table_are_listed_with_their_lines(tmp_path):
    touch(tmp_path, "1.mp4", "2.mp4")
    rows = [
        "path,label,start_seconds,end_seconds,subset",
        "no.mp4,pour,1,2,train",
        "1.mp4,pour,2,1,train",
        "1.mp4,pour,one,2,train",
        "1.mp4,pour,,2,train",
        "1.mp4,background,1,2,train",
        "1.mp4,,1,2,test",
        "2.mp4,pour,1,2,dev",
        "2.mp4,pour,1,2,",
    ]
    with pytest.raises(AnnotationError, match="10 problems;") as caught:
        entries_of_table(table(tmp_path, "\n".join(rows)), tmp_path)
    message = str(caught.value)
    for sentence in (
        "line 2: no such file",
        "line 3: expected 0 <= start_seconds < end_seconds, found ['2', '1']",
        "line 4: expected 0 <=",
        "line 5: expected 0 <=",
        "line 6: expected an action as the label of a segment, found 'background'",
        "line 7: expected an action as the label of a segment, found ''",
        "line 8: expected the subset train or test, found 'dev'",
        "1.mp4: is in more than one subset",
        "2.mp4: is in more than one subset",
        "subset: give it for every video or for none",
    ):
        assert sentence in message


@pytest.mark.parametrize("head", ["", "path;label", "path", "path,label,begin"])
def test_a_table_with_other_columns_is_refused(tmp_path, head):
    with pytest.raises(AnnotationError, match="expected the columns path,label"):
        entries_of_table(table(tmp_path, f"{head}\n1.mp4,pour\n"), tmp_path)


LABELS = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)


@given(
    labels=st.lists(LABELS, min_size=1, max_size=30),
    share=st.floats(0, 0.9),
    seed=st.integers(0, 9),
)
def test_every_label_trains_and_the_test_share_is_kept(
    tmp_path_factory, labels, share, seed
):
    folder = tmp_path_factory.getbasetemp()
    entries = [DraftVideo(folder / str(i), found) for i, found in enumerate(labels)]
    drawn = with_subsets(entries, share, seed)
    assert drawn == with_subsets(entries, share, seed)
    assert [(e.path, e.labels) for e in drawn] == [(e.path, e.labels) for e in entries]
    test = [e for e in drawn if e.subset == "test"]
    trained = {label for e in drawn if e.subset == "train" for label in e.labels}
    assert trained >= {label for e in drawn for label in e.labels if len(e.labels) == 1}
    assert abs(len(test) - share * len(drawn)) <= 4 and (share or not test)


def test_another_seed_draws_other_videos(tmp_path):
    entries = [DraftVideo(tmp_path / str(i), ("a",)) for i in range(40)]
    assert with_subsets(entries, 0.5, seed=0) != with_subsets(entries, 0.5, seed=1)


@given(st.lists(st.text("ab_/", min_size=1, max_size=4).filter(lambda n: n.strip("/"))))
def test_ids_are_unique_and_fit_the_schema(tmp_path_factory, names):
    folder = tmp_path_factory.getbasetemp()
    paths = list(dict.fromkeys(folder / f"{name.strip('/')}.mp4" for name in names))
    ids = unique_ids(paths, folder)
    assert len(set(ids)) == len(paths)
    assert all(id and "/" not in id for id in ids)


def test_the_command_writes_a_manifest_and_says_what_comes_next(tmp_path):
    names = [f"{label}/{i}.mp4" for label in ("pour", "stir") for i in range(4)]
    encode(tmp_path, *names)
    touch(tmp_path, "pour/broken.mp4")
    done = init(tmp_path)
    path = tmp_path / "dataset.json"
    dataset = load_dataset(str(path))
    assert dataset.classes == ("pour", "stir")
    assert len(dataset.of_subset("train")) == 6 and len(dataset.of_subset("test")) == 2
    assert dataset.videos[0].id == "pour_0" and dataset.videos[0].labels == ("pour",)
    assert dataset.videos[0].duration_seconds == pytest.approx(35 / 25)
    assert json.loads(path.read_text())["videos"][0]["path"] == "pour/0.mp4"
    assert "8 videos (6 train, 2 test), 0.00 h" in done.stdout
    assert "  pour: 3 train, 1 test" in done.stdout
    assert f"next: soda check {path}" in done.stdout
    assert "no test video has segments yet" in done.stdout
    assert f"then, to click single frames: soda annotate {path}" in done.stdout
    assert f"left out: {tmp_path / 'pour' / 'broken.mp4'}: " in done.stderr


def test_a_table_of_segments_is_ready_to_be_evaluated(tmp_path):
    folder = encode(tmp_path / "videos", "1.mp4", "2.mp4")
    text = (
        "path,label,start_seconds,end_seconds,subset\n"
        f"1.mp4,pour,0,0.5,train\n{folder / '2.mp4'},pour,.25,1,test\n"
    )
    output = tmp_path / "sets" / "pour.json"
    done = init(folder, "--csv", table(tmp_path, text), "--output", output)
    dataset = load_dataset(str(output))
    assert [(v.id, v.subset) for v in dataset.videos] == [("1", "train"), ("2", "test")]
    assert dataset.videos[1].instances == (Instance("pour", 0.25, 1.0),)
    assert dataset.videos[0].path == folder / "1.mp4"
    assert f"then: soda run {output} --preset small" in done.stdout


def test_videos_beside_the_folder_get_absolute_paths(tmp_path):
    encode(tmp_path, "folder/1.mp4", "2.mp4")
    text = "path,label\n1.mp4,pour\n../2.mp4,pour\n"
    init(tmp_path / "folder", "--csv", table(tmp_path, text))
    dataset = load_dataset(str(tmp_path / "folder" / "dataset.json"))
    assert [v.id for v in dataset.videos] == ["1", "2"]
    assert dataset.videos[1].path == tmp_path / "2.mp4"


def test_nothing_is_overwritten_without_force(tmp_path):
    encode(tmp_path, "pour/1.mp4")
    (tmp_path / "dataset.json").write_text("precious")
    with pytest.raises(UsageError, match="exists already; --force replaces it"):
        init(tmp_path)
    assert (tmp_path / "dataset.json").read_text() == "precious"
    init(tmp_path, "--force")
    assert load_dataset(str(tmp_path / "dataset.json")).classes == ("pour",)


def test_labels_that_differ_by_case_are_refused(tmp_path):
    encode(tmp_path, "pour/1.mp4", "Pour/2.mp4")
    with pytest.raises(AnnotationError, match="'Pour' and 'pour' differ only by case"):
        init(tmp_path)
    assert not (tmp_path / "dataset.json").exists()


def test_folders_without_videos_are_named(tmp_path):
    with pytest.raises(InputNotFoundError, match="contains no video file"):
        init(tmp_path)
    touch(tmp_path, "1.mp4")
    with pytest.raises(InputNotFoundError, match="found none that can be read"):
        init(tmp_path)


@pytest.mark.parametrize("name", [BACKGROUND, "Background", "BG"])
def test_the_background_folder_is_no_class(tmp_path, name):
    encode(tmp_path, f"{name}/1.mp4", "pour/2.mp4")
    init(tmp_path)
    dataset = load_dataset(str(tmp_path / "dataset.json"))
    assert dataset.classes == ("pour",) and dataset.videos[0].labels == ()


def test_ids_are_those_of_all_files_also_of_those_that_cannot_be_read(tmp_path):
    encode(tmp_path, "a.mp4", "b.mp4")
    touch(tmp_path, "a.avi")
    init(tmp_path)
    videos = json.loads((tmp_path / "dataset.json").read_text())["videos"]
    paths = {video["id"]: tmp_path / video["path"] for video in videos}
    assert set(paths) == {"a (2)", "b"}
    assert paths.items() <= find_detected_videos(tmp_path).items()
