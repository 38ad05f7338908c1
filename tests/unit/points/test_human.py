"""Which videos, classes and annotators the clicks of a file are."""

import json
from pathlib import Path

import pytest

from pipeline.datasets import BACKGROUND, Dataset, Instance, Point, Video
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.points.human import read_human_clicks
from pipeline.points.simulation import PointConfig
from pipeline.points.summary import sentences, summarise
from pipeline.stages.points import rule_text

CLASSES = ("PoleVault", "Diving")


def dataset(*ids, paths=()):
    files = [*paths, *(f"{id}.mp4" for id in ids[len(paths) :])]
    videos = (
        Video(id, "train", Path("videos", file), ())
        for id, file in zip(ids, files, strict=True)
    )
    return Dataset("d", Path("d.json"), Path("videos"), CLASSES, tuple(videos))


def write(path, *rows):
    path.write_text("video_id,seconds,label\n" + "\n".join(rows), encoding="utf-8")
    return path


def test_clicks_of_unknown_videos_are_counted(tmp_path):
    path = write(tmp_path / "c.csv", "v.mp4,1,Diving", "w,2,nonsense", "w,3,Diving")
    human = read_human_clicks(str(path), dataset("v"), seed=0)
    assert list(human.videos) == ["v"] and human.unknown == {"w": 2}


@pytest.mark.parametrize(
    ("rows", "found"),
    [(["w,1,Diving"], "clicks in 'w'"), ([], "no click at all")],
)
def test_nothing_that_matches_is_an_error(tmp_path, rows, found):
    path = write(tmp_path / "c.csv", *rows)
    with pytest.raises(AnnotationError, match=f"such as 'v', found {found}"):
        read_human_clicks(str(path), dataset("v"), seed=0)


def test_all_labels_that_are_no_classes_are_named_with_the_nearest(tmp_path):
    first = write(tmp_path / "a.csv", "v,1,pole vault", "v,soon,Diving", "v,2,diving")
    second = write(tmp_path / "b.csv", "v,1,Backgroun", *["v,2,xyz"] * 7)
    with pytest.raises(AnnotationError, match="5 problems in the clicks") as caught:
        read_human_clicks(f"{first}, {second}", dataset("v"), seed=0)
    for sentence in (
        "a.csv, line 2: expected a class or 'background', found 'pole vault'; did you "
        "mean 'PoleVault'?",
        "a.csv, line 3: expected a time",
        "a.csv, line 4: expected a class or 'background', found 'diving'; did you mean "
        "'Diving'?",
        "b.csv, line 2: expected a class or 'background', found 'Backgroun'; did you",
        "b.csv, line 3, line 4, line 5, line 6, line 7 and 2 more: expected a class or "
        "'background', found 'xyz'; the classes are PoleVault, Diving, background",
    ):
        assert sentence in str(caught.value)


def test_background_is_recognised_in_every_spelling(tmp_path):
    names = ["background", "Background", "BG", "none", "No_Action"]
    path = write(tmp_path / "c.csv", *(f"v,{n},{name}" for n, name in enumerate(names)))
    human = read_human_clicks(str(path), dataset("v"), seed=0)
    assert [click.label for click in human.videos["v"]] == [BACKGROUND] * len(names)


def test_files_are_named_one_by_one_or_by_their_folder(tmp_path):
    odd = write(tmp_path / "one, two.csv", "v,1,Diving")
    other = write(tmp_path / "other.csv", "v,2,Diving")
    (tmp_path / ".hidden").write_text("x")

    def count(source):
        human = read_human_clicks(str(source), dataset("v"), seed=0)
        return len(human.videos["v"])

    assert count(odd) == 1
    assert count(tmp_path) == 2
    assert count(f"{other},{other}") == 2


def test_files_that_are_not_there_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    for source, sentence in (
        ("no.csv", "no.csv: no such"),
        (f"{tmp_path / 'empty'}", "expected files of clicks, found none"),
    ):
        with pytest.raises(InputNotFoundError, match=sentence):
            read_human_clicks(source, dataset("v"), seed=0)


def annotators(folder, count, videos):
    for number in range(count):
        lines = [f"{id},{number},Diving" for id in videos]
        (folder / f"A{number}.txt").write_text("\n\n".join(lines))
    return str(folder)


def test_one_annotator_is_drawn_for_each_video(tmp_path):
    ids = [f"v{n}" for n in range(40)]
    source = annotators(tmp_path, 4, ids)

    def drawn(seed, *ids):
        human = read_human_clicks(source, dataset(*ids), seed)
        assert {len(clicks) for clicks in human.videos.values()} == {1}
        assert sum(human.annotators.values()) == len(ids)
        return {id: clicks[0].annotator for id, clicks in human.videos.items()}

    assert set(drawn(0, *ids).values()) == {"A0", "A1", "A2", "A3"}
    assert drawn(0, *ids) == drawn(0, *ids) != drawn(1, *ids)
    assert drawn(0, "v7") == {"v7": drawn(0, *ids)["v7"]}


def test_an_annotator_who_left_a_video_out_is_not_drawn_for_it(tmp_path):
    (tmp_path / "A.txt").write_text("v,1,Diving")
    (tmp_path / "B.txt").write_text("w,1,Diving")
    human = read_human_clicks(str(tmp_path), dataset("v", "w"), seed=0)
    assert set(human.videos) == {"v", "w"} and human.annotators == {"A": 1, "B": 1}


def test_clicks_of_nobody_in_particular_are_all_kept(tmp_path):
    for name, seconds in (("a", 1), ("b", 2)):
        page = {
            "video": {"id": "v"},
            "points": [{"seconds": seconds, "label": "Diving"}],
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(page))
    human = read_human_clicks(str(tmp_path), dataset("v"), seed=0)
    assert [c.seconds() for c in human.videos["v"]] == [1.0, 2.0]
    assert human.annotators == {}


def test_a_summary_counts_what_a_reader_must_know():
    videos = [
        Video("v", "train", Path("v"), ("Diving",), (Instance("Diving", 2, 4),)),
        Video("w", "train", Path("w"), ()),
        Video("x", "train", Path("x"), ()),
    ]
    clicks = {
        "v": [Point(2, "Diving"), Point(4, "Diving"), Point(3, BACKGROUND)],
        "w": [Point(1, "Diving"), Point(2, BACKGROUND)],
        "x": [],
    }
    result = {"origin": "c.csv"} | summarise(clicks, videos, CLASSES)
    assert result["clicks"] == {"action": 3, "background": 2}
    assert result["classes"] == {"PoleVault": 0, "Diving": 3}
    assert list(sentences(result)) == [
        "5 clicks in 3 training videos: 3 action, 2 background; c.csv",
        "1 training video has no click: 'x'",
        "1 class has no click: 'PoleVault'",
        "outside any instance of their class: 1 of 2 action clicks (50.0%)",
        "inside an instance: 1 of 1 background click (100.0%)",
    ]


def test_the_rule_is_told_in_words():
    assert rule_text(PointConfig()) == (
        "simulated, one per segment, 10 s on / 10 s off, seed 0"
    )
    config = PointConfig(per="piece", gap_seconds=0, seed=3)
    assert rule_text(config) == "simulated, one per piece, seed 3"
