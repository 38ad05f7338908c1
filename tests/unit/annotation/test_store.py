"""The points file that annotation pages save to."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.annotation.store import ConflictError, PointsStore, revision_of
from pipeline.datasets import Dataset, Point, Video
from pipeline.errors import AnnotationError, UsageError
from pipeline.points.human import read_human_clicks
from pipeline.storage import read_json, write_json


def a_dataset(points: tuple[Point, ...] | None = None) -> Dataset:
    videos = tuple(
        Video(id, "train", Path(f"{id}.mp4"), (), points=points, duration_seconds=60.0)
        for id in ("a", "b")
    )
    return Dataset("tiny", Path(), Path(), ("jump", "kick"), videos)


def content(
    *points: tuple[float, str], spent: float = 0, **more: Any
) -> dict[str, Any]:
    clicks = [{"seconds": seconds, "label": label} for seconds, label in points]
    return {"points": clicks, "seconds_spent": spent, **more}


@pytest.fixture
def store(tmp_path: Path) -> PointsStore:
    return PointsStore(tmp_path / "clicks.json", a_dataset(), annotator="me")


def test_training_reads_what_is_saved(store: PointsStore) -> None:
    store.save("a", None, content((2.5, "jump"), (1.0, "background")))
    clicks = read_human_clicks(str(store.path), store.dataset, seed=0)
    assert [(c.seconds(), c.label) for c in clicks.videos["a"]] == [
        (1.0, "background"),
        (2.5, "jump"),
    ]
    assert clicks.annotators == {"me": 1}


def test_who_does_not_know_the_revision_changes_nothing(store: PointsStore) -> None:
    revision = revision_of(store.save("a", None, content((1, "jump"))))
    before = store.path.read_bytes()
    for wrong in (None, "x"):
        with pytest.raises(ConflictError):
            store.save("a", wrong, content())
    assert store.path.read_bytes() == before
    store.save("a", revision, content())
    assert read_json(store.path)[0]["points"] == []


def test_a_file_changed_by_hand_is_another_revision(store: PointsStore) -> None:
    revision = revision_of(store.save("a", None, content((1, "jump"))))
    entries = read_json(store.path)
    entries[0]["points"].append({"seconds": 3, "label": "kick"})
    write_json(store.path, entries)
    with pytest.raises(ConflictError):
        store.save("a", revision, content())


def test_seconds_add_up_and_are_no_conflict(store: PointsStore) -> None:
    store.save("a", None, content(spent=2.5))
    entry = store.save("a", None, content((1, "jump"), spent=1))
    assert entry["seconds_spent"] == 3.5


def test_spans_are_recorded_and_taken_back(store: PointsStore) -> None:
    entry = store.save("a", None, content(annotated_spans=[[0, 10], [20, 30]]))
    revision = revision_of(entry)
    assert entry["annotated_spans"] == [[0, 10], [20, 30]] and revision
    entry = store.save("a", revision, content(annotated_spans=None))
    assert "annotated_spans" not in entry and revision_of(entry) is None


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clicks.json"
    ids = [f"v{number}" for number in range(20)]
    videos = tuple(Video(id, "train", Path(id), ()) for id in ids)
    dataset = Dataset("tiny", Path(), Path(), ("jump",), videos)

    def save(id: str) -> None:
        PointsStore(path, dataset).save(id, None, content((1, "jump")))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, ids))
    assert {entry["video"]["id"] for entry in read_json(path)} == set(ids)


def test_the_datasets_own_points_are_the_beginning(tmp_path: Path) -> None:
    dataset = a_dataset((Point(1.0, "jump"),))
    store = PointsStore(tmp_path / "clicks.json", dataset)
    assert not store.path.exists()
    entry = store.entries()["a"]
    store.save("a", revision_of(entry), content((1, "jump"), (2, "kick")))
    assert [len(entry["points"]) for entry in read_json(store.path)] == [2, 1]


def test_an_entry_of_another_dataset_stays(store: PointsStore) -> None:
    other = {"video": {"id": "other"}, "points": [{"seconds": 1, "label": "swim"}]}
    write_json(store.path, [other])
    again = PointsStore(store.path, store.dataset)
    again.save("a", None, content((1, "jump")))
    assert read_json(store.path)[0] == other


def test_a_file_is_added_once(store: PointsStore, tmp_path: Path) -> None:
    rows = ["video_id,seconds,label", "a.mp4,1.5,jump", "b,2,background", "a,3,jmp"]
    rows += ["a,99,kick", "c,1,kick", "a,x,kick"]
    (tmp_path / "in.csv").write_text("\n".join(rows))
    added, problems = store.add_file(tmp_path / "in.csv", {})
    assert added == 2
    told = "\n".join(problems)
    for part in ("did you mean 'jump'?", "99 s, beyond", "no video 'c'", "found 'x'"):
        assert part in told
    assert store.add_file(tmp_path / "in.csv", {})[0] == 0


def test_a_file_without_any_entry_is_opened_again(
    store: PointsStore, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("video_id,seconds,label\nc,1,kick")
    assert store.add_file(tmp_path / "in.csv", {})[0] == 0
    assert read_json(store.path) == []
    assert PointsStore(store.path, store.dataset).entries() == {}


@settings(max_examples=30)  # each writes a file
@given(
    st.lists(
        st.tuples(st.floats(0, 60), st.sampled_from(["jump", "kick", "background"]))
    )
)
def test_clicks_come_back_sorted_to_the_microsecond(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, str]]
) -> None:
    path = tmp_path_factory.mktemp("points") / "clicks.json"
    store = PointsStore(path, a_dataset())
    entry = store.save("a", None, content(*points))
    rounded = sorted((round(seconds, 6), label) for seconds, label in points)
    assert [(p["seconds"], p["label"]) for p in entry["points"]] == rounded
    there = store.entries()["a"]
    assert there == entry and revision_of(there) == revision_of(entry)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "expected a points JSON"),
        ('[{"fileName": "a", "result": "{}"}]', "import this one"),
        (
            '{"video": {"id": "a"}, "points": [{"seconds": 1, "label": "jmp"}]}',
            "'jump'",
        ),
        ('{"video": {"id": "a"}, "points": [{"seconds": -1, "label": "jump"}]}', "-1"),
    ],
)
def test_other_files_are_not_written_over(
    tmp_path: Path, text: str, match: str
) -> None:
    path = tmp_path / "clicks.json"
    path.write_text(text)
    with pytest.raises(AnnotationError, match=match):
        PointsStore(path, a_dataset())
    assert path.read_text() == text


def test_times_outside_the_video_are_refused_with_its_end(store: PointsStore) -> None:
    for more in (content((80, "jump")), content(annotated_spans=[[0, 80]])):
        with pytest.raises(AnnotationError, match="80 s, beyond the video's end at 60"):
            store.save("a", None, more)
    assert not store.path.exists()


def test_a_points_file_is_json(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.json"):
        PointsStore(tmp_path / "clicks.csv", a_dataset())


def test_background_in_another_spelling_is_background(tmp_path: Path) -> None:
    points = [{"seconds": 1.0, "label": "BG"}, {"seconds": 2.0, "label": "jump"}]
    write_json(tmp_path / "clicks.json", [{"video": {"id": "a"}, "points": points}])
    store = PointsStore(tmp_path / "clicks.json", a_dataset())
    entry = store.entries()["a"]
    assert [point["label"] for point in entry["points"]] == ["background", "jump"]
    store.save("a", revision_of(entry), {"points": entry["points"], "seconds_spent": 0})
    assert read_json(store.path)[0]["points"][0]["label"] == "background"
