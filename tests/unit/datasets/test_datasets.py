import json
import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

import jsonschema_rs
import pytest

from pipeline.datasets import (
    DatasetError,
    Instance,
    Point,
    dataset_name,
    load_dataset,
)
from pipeline.datasets.folder import (
    find_detected_videos,
    find_videos,
    unique_ids,
    video_files,
)
from pipeline.datasets.video_names import VideoNames
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.intervals import beyond_end


def manifest(tmp_path, videos, **fields):
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps({"version": 1, "videos": videos, **fields}))
    return str(path)


def entry(id="v", **fields):
    return {"id": id, "path": f"{id}.mp4", "subset": "train", "labels": ["a"], **fields}


def segment(label, start, end):
    return {"label": label, "segment": [start, end]}


def activitynet(tmp_path, database, videos=("v",)):
    (tmp_path / "videos" / "nested").mkdir(parents=True)
    for id in videos:
        (tmp_path / "videos" / "nested" / f"{id}.mkv").write_bytes(b"x")
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"database": database}))
    return str(path)


def annotated(subset, *annotations, **fields):
    return {"subset": subset, "annotations": list(annotations), **fields}


def test_a_manifest_is_read(tmp_path):
    points = [{"seconds": 1.5, "label": "a"}, {"seconds": 3, "label": "background"}]
    dataset = load_dataset(
        manifest(
            tmp_path,
            [
                entry("v", segments=[segment("a", 1, 2.5)], points=points),
                entry("w", subset="test", labels=["b"], duration=9.5),
            ],
            name="mine",
            classes=["b", "a"],
        )
    )
    first, second = dataset.videos
    assert dataset.name == "mine" and dataset.classes == ("b", "a")
    assert first.instances == (Instance("a", 1.0, 2.5),)
    assert first.points == (Point(1.5, "a"), Point(3.0, "background"))
    assert [p.kind for p in first.points] == ["action", "background"]
    assert first.path == tmp_path / "v.mp4"
    assert second.points is None and second.duration_seconds == 9.5
    assert dataset.of_subset("test") == (second,)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Training", "TEST"), ["train", "test"]),
        (("training", "Val"), ["train", "test"]),
        (("Validation", "test set"), ["train", "test"]),
    ],
)
def test_subsets_of_a_manifest_may_be_spelled_otherwise(tmp_path, names, expected):
    videos = [entry(f"v{n}", subset=name) for n, name in enumerate(names)]
    dataset = load_dataset(manifest(tmp_path, videos))
    assert [video.subset for video in dataset.videos] == expected


def test_three_subsets_of_a_manifest_are_refused(tmp_path):
    videos = [entry(name, subset=name) for name in ("train", "val", "test")]
    with pytest.raises(AnnotationError, match="found three: 'test', 'train', 'val'"):
        load_dataset(manifest(tmp_path, videos))


def test_background_of_a_manifest_may_be_spelled_otherwise(tmp_path):
    points = [{"seconds": 1, "label": "BG"}, {"seconds": 2, "label": "a"}]
    videos = [entry(points=points), entry("w", labels=["None"])]
    del videos[0]["labels"]
    dataset = load_dataset(manifest(tmp_path, videos))
    assert dataset.classes == ("a",)
    assert [video.labels for video in dataset.videos] == [("a",), ()]
    assert dataset.videos[0].points == (Point(1.0, "background"), Point(2.0, "a"))


def test_labels_follow_from_segments_and_points(tmp_path):
    video = entry(points=[{"seconds": 1, "label": "b"}], segments=[segment("a", 1, 2)])
    del video["labels"]
    dataset = load_dataset(manifest(tmp_path, [video]))
    assert dataset.videos[0].labels == ("a", "b") == dataset.classes


def test_activitynet_annotations_are_read_with_nested_videos(tmp_path):
    dataset = load_dataset(
        activitynet(
            tmp_path,
            {
                "v": annotated("training", segment("b", "1", "2.5"), duration=4),
                "w": annotated("validation", segment("a", 1, 2)),
                "x": annotated("testing"),
            },
        )
    )
    assert [v.id for v in dataset.videos] == ["v", "w"]
    assert [v.subset for v in dataset.videos] == ["train", "test"]
    assert dataset.classes == ("a", "b")
    assert dataset.videos[0].instances == (Instance("b", 1.0, 2.5),)
    assert dataset.videos[0].path.name == "v.mkv"
    assert not dataset.videos[1].path.exists()
    assert dataset.name == tmp_path.name


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("TRAIN", "Testing"), ["train", "test"]),
        (("Training", "Validation"), ["train", "test"]),
        (("Validation", "Test"), ["train", "test"]),
    ],
)
def test_subsets_of_activitynet_may_be_spelled_otherwise(tmp_path, names, expected):
    database = {
        f"v{n}": annotated(name, segment("a", 1, 2)) for n, name in enumerate(names)
    }
    dataset = load_dataset(activitynet(tmp_path, database, videos=("v0",)))
    assert [video.subset for video in dataset.videos] == expected


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("dev", "Probe"), "found 2 of the subsets 'Probe', 'dev'; rename"),
        (("train", "test_1"), "such as training, .* found 'test_1'; rename"),
        ((None, None), "found 2 of the subsets ''; rename"),
    ],
)
def test_subsets_that_are_not_recognised_are_named(tmp_path, names, message):
    database = {f"v{n}": annotated(name) for n, name in enumerate(names)}
    with pytest.raises(AnnotationError, match=message):
        load_dataset(activitynet(tmp_path, database))


def test_annotated_videos_that_are_not_used_are_said(tmp_path, caplog):
    database = {
        "v": annotated("train", segment("a", 1, 2)),
        "w": annotated("val", segment("a", 1, 2)),
        "secret": annotated("test"),
    }
    load_dataset(activitynet(tmp_path, database))
    assert caplog.messages == []
    database["x"] = annotated("test", segment("a", 1, 2))
    (tmp_path / "annotations.json").write_text(json.dumps({"database": database}))
    assert load_dataset(str(tmp_path / "annotations.json")).unused == ("secret", "x")
    (message,) = caplog.messages
    assert message.endswith(
        "left out 1 annotated video of the subsets 'test', such as 'x'"
    )


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("abc", "v_abc"),
        ("v_abc", "abc"),
        ("abc.mp4", "abc"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_annotations_find_their_videos_by_other_forms_of_the_id(tmp_path, id, name):
    database = {id: annotated("train", segment("a", 1, 2))}
    (video,) = load_dataset(activitynet(tmp_path, database, videos=(name,))).videos
    assert video.id == id and video.path.is_file()


def test_a_folder_of_other_videos_is_refused_with_the_names_of_both(tmp_path):
    path = activitynet(tmp_path, {"v": annotated("train")}, videos=("x", "y"))
    with pytest.raises(InputNotFoundError, match=r"'v', found .*x\.mkv.*y\.mkv"):
        load_dataset(path)


@pytest.mark.parametrize("label", [None, ["jump", "wave"], "", True])
def test_what_is_no_label_is_named_with_its_json_path(tmp_path, label):
    database = {"v": annotated("train", segment("a", 1, 2), segment(label, 1, 2))}
    message = r"  v: \$\.database\.v\.annotations\[1\]\.label: expected a label"
    with pytest.raises(AnnotationError, match=message):
        load_dataset(activitynet(tmp_path, database))


def test_numbers_as_labels_are_one_class_and_said(tmp_path, caplog):
    database = {"v": annotated("train", segment(3, 1, 2), segment(3.0, 3, 4))}
    dataset = load_dataset(activitynet(tmp_path, database))
    assert dataset.classes == ("3",) and "the labels 3, 3.0 are" in caplog.text


@pytest.mark.parametrize("name", ["background", "Background", "BG", "none"])
def test_segments_of_background_are_refused(tmp_path, name):
    path = activitynet(tmp_path, {"v": annotated("train", segment(name, 1, 2))})
    with pytest.raises(AnnotationError, match=f"found '{name}'; leave the segment out"):
        load_dataset(path)
    video = entry(segments=[segment(name, 1, 2)])
    with pytest.raises(DatasetError, match=f"'{name}' shows no action; leave it out"):
        load_dataset(manifest(tmp_path, [video]))


def test_the_real_benchmark_is_read(shared_data):
    dataset = load_dataset(str(shared_data / "ut_interaction" / "annotations.json"))
    assert dataset.name == "ut_interaction"
    assert len(dataset.of_subset("train")) == 30
    assert len(dataset.of_subset("test")) == 18
    assert all(video.path.exists() for video in dataset.videos)
    assert len(dataset.classes) == 6


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": ["z"]}, r"v: the label 'z' is not in the class list \(a, b\)"),
        ({"segments": [segment("c", 1, 2)]}, "'c' is not in the class list"),
        ({"segments": [segment("a", 2, 2)]}, r"start < end, got \[2.0, 2.0\]"),
        ({"segments": [segment("a", -1, 2)]}, "0 <= start < end"),
        (
            {"segments": [segment("a", 1, 12)], "duration": 10},
            "ends at 12 s, beyond the video's end at 10 s",
        ),
        ({"points": [{"seconds": 30, "label": "a"}], "duration": 10}, "beyond"),
    ],
)
def test_bad_annotations_are_named(tmp_path, fields, message):
    path = manifest(tmp_path, [entry(**fields)], classes=["a", "b"])
    with pytest.raises(DatasetError, match=message) as caught:
        load_dataset(path)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.problems[0].video_id == "v"


def test_all_problems_are_listed_at_once(tmp_path):
    videos = [entry("v"), entry("v"), entry("w", labels=["z"])]
    with pytest.raises(DatasetError, match="2 problems in") as caught:
        load_dataset(manifest(tmp_path, videos, classes=["a"]))
    assert "the id occurs 2 times" in str(caught.value)
    assert "'z'" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected JSON, found"),
        ("[]", r'\$: \[\] is not of type "object"'),
        ('{"version": 2, "videos": []}', r"\$.version: 1 was expected"),
        ('{"version": 1, "videos": []}', "names no video"),
        ('{"version": 1, "videos": [{"id": "v"}]}', r'\$.videos\[0\]: "path" is a'),
        ('{"version": 1, "videos": [], "vids": 1}', "'vids' was unexpected"),
        ('{"database": {"v": {}, "v": {}}}', "duplicate id"),
    ],
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "dataset.json"
    path.write_text(content)
    (tmp_path / "v.mp4").write_bytes(b"x")
    with pytest.raises(AnnotationError, match=message) as caught:
        load_dataset(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"\xe9": 1}', r"text in UTF-8, found the byte 0xe9 at 2; save the file in"),
        (b"\xff\xfe{\x00}\x00", r'\$: "version" is a required property'),
        ('{"version": 1}', r'\$: "videos" is a required property'),
        (
            '{"version": 1, "videos": [{"id": "v", "path": "v.mp4", "subset": "test", '
            '"segments": [{"label": "a", "segment": ["12.5", 20]}]}]}',
            r'\$.videos\[0\].segments\[0\].segment\[0\]: "12.5" is not of type',
        ),
        (
            '{"version": 1, "videos": [{"id": "v", "path": "v.mp4", "subset": "dev"}]}',
            r'\$.videos\[0\].subset: "dev" is not one of',
        ),
        ('{"version": 1, "videos": ["v"]}', r'\$.videos\[0\]: "v" is not of type'),
        ('{"database": ["v"]}', 'expected {"database": {id: '),
        ('{"database": {"v": 1}}', 'expected {"database": {id: '),
    ],
)
def test_files_in_another_form_are_named(tmp_path, content, message):
    path = tmp_path / "dataset.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "v.mp4").write_bytes(b"x")
    with pytest.raises(AnnotationError, match=message) as caught:
        load_dataset(str(path))
    assert str(path) in str(caught.value)


def test_windows_files_are_read(tmp_path):
    path = Path(manifest(tmp_path, [entry("größe 測試", labels=["à"])]))
    plain = load_dataset(str(path))
    text = json.dumps(json.loads(path.read_text()), indent=1, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_dataset(str(path)) == plain
    assert plain.videos[0].path == tmp_path / "größe 測試.mp4"


def test_a_manifest_may_be_json_lines(tmp_path):
    videos = [entry("v"), entry("w", subset="test", sha256=64 * "0")]
    whole = load_dataset(manifest(tmp_path, videos, classes=["a", "b"]))
    head = {"version": 1, "classes": ["a", "b"]}
    path = tmp_path / "dataset.jsonl"
    lines = [json.dumps(line) for line in [head, *videos]]
    path.write_text("\r\n".join([*lines, ""]), newline="")
    assert load_dataset(str(path)) == replace(whole, source=path)
    path.write_text("\n".join([lines[0], "{"]))
    with pytest.raises(AnnotationError, match=r"dataset\.jsonl, line 2: expected JSON"):
        load_dataset(str(path))
    for text in ("", json.dumps({**head, "videos": videos})):
        path.write_text(text)
        with pytest.raises(AnnotationError, match="on the first line"):
            load_dataset(str(path))


def test_the_published_schema_is_one():
    schema = files("pipeline.datasets").joinpath("manifest.schema.json").read_text()
    jsonschema_rs.meta.validate(json.loads(schema))


def test_spans_that_were_annotated_are_accepted(tmp_path):
    load_dataset(manifest(tmp_path, [entry(annotated_spans=[[0, 10], [20, 30.5]])]))


def test_all_of_activitynets_unreadable_entries_are_named(tmp_path):
    path = activitynet(
        tmp_path,
        {
            "v": annotated("train", {"label": "a", "segment": [1]}),
            "w": annotated("train", segment("a", "one", 2)),
            "x": annotated("train", segment("a", 1, 2), duration="long"),
            "y": annotated("train", segment("a", "1.5", "2"), duration="9.5"),
        },
    )
    with pytest.raises(AnnotationError, match="of 3 videos cannot") as caught:
        load_dataset(path)
    message = str(caught.value)
    for id in ("v", "w"):
        assert f'  {id}: expected annotations as [{{"segment"' in message
    assert "  x: expected a duration in seconds, found 'long'" in message


def test_activitynets_segments_and_labels_are_checked(tmp_path):
    path = activitynet(
        tmp_path,
        {
            "a b 測": annotated("train", segment("jump", 2, 1), segment("Jump", 3, 4)),
            "v": annotated("test", segment("run", 2, 2), segment("run", 0, "Infinity")),
        },
        videos=("a b 測", "v"),
    )
    with pytest.raises(DatasetError) as caught:
        load_dataset(path)
    assert [(p.video_id, p.kind) for p in caught.value.problems] == [
        ("", "labels that differ by case only"),
        ("a b 測", "impossible segment"),
        ("v", "impossible segment"),
        ("v", "impossible segment"),
    ]
    assert caught.value.dataset.videos[0].path.name == "a b 測.mkv"


def test_paths_may_not_leave_the_manifests_folder(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    leaving = ["../v.mp4", "a/../../v.mp4", ".."]
    staying = ["a/../v.mp4", "..v.mp4", str(tmp_path / "v.mp4")]
    videos = [
        entry(str(index), path=path) for index, path in enumerate([*leaving, *staying])
    ]
    path = manifest(folder, videos)
    monkeypatch.chdir(folder)
    for name in (path, "dataset.json", "../data/dataset.json"):
        with pytest.raises(DatasetError, match="give an absolute path") as caught:
            load_dataset(name)
        assert [problem.video_id for problem in caught.value.problems] == [
            "0",
            "1",
            "2",
        ]


def test_links_are_followed_and_those_in_a_circle_are_entered_once(tmp_path):
    path = activitynet(tmp_path, {"v": annotated("train", segment("a", 1, 2))})
    videos = tmp_path / "videos"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "w.mp4").write_bytes(b"x")
    (videos / "more").symlink_to(tmp_path / "elsewhere")
    (videos / "nested" / "round").symlink_to(videos)
    (videos / "itself").symlink_to(videos / "itself")
    assert load_dataset(path).videos[0].path == videos / "nested" / "v.mkv"
    assert set(find_videos(videos)) == {"v", "w", "itself"}


def test_files_and_folders_that_may_not_be_read_are_named(bound_folder):
    path = Path(activitynet(bound_folder, {"v": annotated("train")}))
    nested = bound_folder / "videos" / "nested"
    nested.chmod(0)
    with pytest.raises(InputNotFoundError, match=r"nested: expected a folder .*denied"):
        load_dataset(str(path))
    nested.chmod(0o700)
    path.chmod(0)
    with pytest.raises(AnnotationError, match=r"annotations\.json: .*denied"):
        load_dataset(str(path))


def test_a_dataset_that_is_not_there_is_named():
    with pytest.raises(InputNotFoundError, match=r"no/such\.json: no such dataset"):
        load_dataset("no/such.json")


def test_an_empty_folder_of_videos_is_named(tmp_path):
    path = activitynet(tmp_path, {"v": annotated("train")}, videos=())
    with pytest.raises(InputNotFoundError, match="contains no video file"):
        load_dataset(path)


def test_two_files_of_one_id_are_named(tmp_path):
    path = activitynet(tmp_path, {"v": annotated("train")})
    (tmp_path / "videos" / "v.mp4").write_bytes(b"x")
    with pytest.raises(AnnotationError, match="1 id has two files"):
        load_dataset(path)


@pytest.mark.parametrize("name", ["background", "BACKGROUND", "bg", "Background_1"])
def test_the_class_background_is_reserved(tmp_path, name):
    path = manifest(tmp_path, [entry()], classes=["a", name])
    with pytest.raises(DatasetError, match=f"'{name}' is reserved"):
        load_dataset(path)


def test_classes_that_are_one_number_are_refused(tmp_path):
    path = manifest(tmp_path, [entry(labels=["3", "3.0"])])
    with pytest.raises(DatasetError, match=r"'3' and '3\.0' differ only by"):
        load_dataset(path)


def test_a_little_beyond_the_end_is_let_pass():
    assert beyond_end(10.5, 10.0) is None
    assert beyond_end(11.5, 10.0)
    assert beyond_end(99.0, None) is None


def test_names_come_from_the_file_or_its_folder(tmp_path):
    assert dataset_name(tmp_path / "thumos.json") == "thumos"
    assert dataset_name(tmp_path / "dataset.json") == tmp_path.name


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_in_whichever_unicode_form(tmp_path, forms):
    id, name = (normalize(form, "vidéo") for form in forms)
    entry = annotated("train", segment("a", 1, 2))
    path = activitynet(tmp_path, {id: entry}, videos=(name,))
    (video,) = load_dataset(path).videos
    assert video.id == id and video.path.is_file()
    points = VideoNames.of(load_dataset(path))
    assert points.id_of(name) == points.id_of(f"{name}.mkv") == id


def test_two_forms_of_one_name_are_one_id(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / normalize(form, "é.mp4")).touch()
    files = video_files(tmp_path)
    assert unique_ids(files, tmp_path) == ["é", "é (2)"]
    with pytest.raises(AnnotationError, match=r"1 id has two files"):
        find_videos(tmp_path)


def test_cameras_copies_are_left_out_and_said(tmp_path, capsys):
    for name in ("a.MP4", "a.LRV", "b/b.THM", "b/b.lrf", "b/b.mov"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert set(find_videos(tmp_path)) == {"a", "b"}
    said = capsys.readouterr().err
    assert said.startswith(f"left out: {tmp_path}/a.LRV and 2 more: a camera's small")


def test_a_name_that_is_not_text_is_left_out_alone(tmp_path, capsys):
    for name in (b"a.mp4", b"\xe9.mp4"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    assert set(find_videos(tmp_path)) == {"a"}
    assert r"\udce9.mp4': its name is not UTF-8" in capsys.readouterr().err


def test_detections_find_videos_by_all_the_ids_of_all_commands(tmp_path):
    names = ["jump/1.mp4", "jump/2.mp4", "wave/1.mp4", "wave_1.mp4", "jump/2.avi"]
    files = [tmp_path / name for name in names]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    found = find_detected_videos(tmp_path)
    listed = video_files(tmp_path)
    assert set(listed) == set(files)
    for id, file in zip(unique_ids(listed, tmp_path), listed, strict=True):
        assert found[id] == file  # of `soda init`
    assert found["wave_1"] == tmp_path / "wave_1.mp4"
    for file in files:
        assert found[file.as_posix()] == file  # of `soda detect`, for equal names
    assert "1" not in found and "2" not in found
