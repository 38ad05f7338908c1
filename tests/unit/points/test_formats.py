"""Every form that clicks come in, on names and times as people have them."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets import BACKGROUND, Point
from pipeline.errors import AnnotationError
from pipeline.points.formats import read_click_file, read_points, write_points
from pipeline.points.formats.document import parse_seconds

# With quotes, commas, accents, emoji, control characters, and spaces at the ends.
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = text.filter(str.strip)
times = st.integers(0, 10**7).map(lambda milliseconds: milliseconds / 1000)
clicks = st.lists(st.tuples(names, times, st.sampled_from(["a b", "ü"])), min_size=1)


def points_csv(clicks):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["video_id", "seconds", "label"], [], *clicks])
    return file.getvalue()


def points_json(clicks):
    return json.dumps(
        [
            {"video": {"id": v}, "points": [{"seconds": str(t), "label": label}]}
            for v, t, label in clicks
        ]
    )


def single_frames(clicks):
    return "\r\n\r\n".join(f"{v},{t},{label}" for v, t, label in clicks)


def labelu(clicks):
    return json.dumps(
        [
            {"id": 1, "fileName": v, "result": json.dumps(labelu_result(t, label))}
            for v, t, label in clicks
        ]
    )


def labelu_result(time, label):
    mark = {"id": "x", "type": "frame", "time": time, "label": label, "order": 1}
    tag = {"toolName": "tagTool", "result": [{"value": {"weather": ["rain"]}}]}
    frames = {"toolName": "videoFrameTool", "result": [mark]}
    return {"width": 2, "duration": 9, "annotations": [tag, frames]}


ATTRIBUTE = {
    "1": {"aname": "action", "type": 4, "options": {"0": "a b", "1": "ü"}},
    "2": {"aname": "note", "type": 1, "options": {"default": "Default"}},
}


def via(clicks):
    lines = [
        "# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/via)",
        f"# ATTRIBUTE = {json.dumps(ATTRIBUTE)}",
        "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,"
        "spatial_coordinates,metadata",
    ]
    for v, t, label in clicks:
        chosen = {"1": str(["a b", "ü"].index(label)), "2": "_DEFAULT"}
        lines.append(via_row([v], [t], chosen))
    return "\n".join(lines)


def via_row(files, times, metadata):
    file = io.StringIO()
    cells = ["1_x", json.dumps(files), 0, json.dumps(times), "[]", json.dumps(metadata)]
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(cells)
    return file.getvalue().strip()


def label_studio(*tasks):
    return json.dumps(
        [
            {
                "id": 1,
                "data": {"video": video},
                "annotations": [{"completed_by": by, "result": result, **more}],
            }
            for video, by, result, more in tasks
        ]
    )


def span(start, end, *labels):
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": list(labels)}
    return {"type": "timelinelabels", "value": value}


def read(folder, content, name="clicks.txt"):
    path = folder / name
    path.write_bytes(content.encode("utf-8-sig"))
    return read_click_file(path)


def seen(file):
    return [(c.video, c.seconds(), c.label) for c in file.clicks]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clicks")


@pytest.mark.parametrize("write", [points_csv, points_json, labelu, via])
@given(clicks=clicks)
def test_every_reader_brings_back_names_times_and_labels(folder, write, clicks):
    file = read(folder, write(clicks))
    assert file.problems == ()
    assert seen(file) == clicks
    assert not any(click.is_interval for click in file.clicks)


@given(clicks=clicks)
def test_single_frames_bring_back_what_a_line_can_hold(folder, clicks):
    lines = [(v.replace("\n", "").replace("\r", ""), t, a) for v, t, a in clicks]
    lines = [(v.strip(), t, a) for v, t, a in lines if v.strip()] or [("v", 1.0, "a")]
    file = read(folder, single_frames(lines), "THUMOS2.txt")
    assert file.problems == () and seen(file) == lines
    assert {click.annotator for click in file.clicks} == {"THUMOS2"}


@given(st.dictionaries(names, st.lists(st.tuples(times, text), min_size=1)))
def test_points_files_come_back_whatever_the_names(folder, videos):
    points = {id: [Point(*click) for click in clicks] for id, clicks in videos.items()}
    write_points(folder / "points.csv", points)
    assert read_points(folder / "points.csv") == points


def test_labels_like_formulas_are_text_in_the_points_file_and_come_back(tmp_path):
    path = tmp_path / "points.csv"
    points = {"=v": [Point(0.5, "-jump"), Point(1.5, "@kick")]}
    write_points(path, points)
    assert path.read_text().splitlines()[1] == "'=v,0.5,'-jump,action"
    assert read_points(path) == points
    clicks = read_click_file(path).clicks
    assert [(c.video, c.label) for c in clicks] == [("=v", "-jump"), ("=v", "@kick")]


def test_our_own_points_file_is_read(tmp_path):
    points = {"v": [Point(1.25, "a, b"), Point(3.0, BACKGROUND)]}
    write_points(tmp_path / "points.csv", points)
    file = read_click_file(tmp_path / "points.csv")
    assert seen(file) == [("v", 1.25, "a, b"), ("v", 3.0, BACKGROUND)]


def test_one_video_of_the_annotation_page_is_read(tmp_path):
    page = {
        "video": {"id": "v", "fps": 25},
        "annotator": "ann",
        "points": [{"seconds": 4.5, "label": "a"}, {"seconds": 7, "label": BACKGROUND}],
    }
    file = read(tmp_path, json.dumps(page))
    assert seen(file) == [("v", 4.5, "a"), ("v", 7.0, BACKGROUND)]
    assert file.clicks[0].annotator == "ann"


def test_a_kind_without_a_label_is_background_and_one_against_it_is_a_problem(tmp_path):
    rows = "video_id,seconds,label,kind\nv,1,,background\nv,2,a,background\n"
    file = read(tmp_path, rows)
    assert seen(file) == [("v", 1.0, BACKGROUND)]
    (problem,) = file.problems
    assert "clicks.txt, line 3: expected one kind, found the label 'a'" in problem


def test_the_real_single_frames_are_read_whole(shared_data):
    counts = []
    for number in range(1, 5):
        folder = shared_data / "thumos14" / "single_frames"
        file = read_click_file(folder / f"THUMOS{number}.txt")
        assert file.problems == () and file.format.startswith("SF-Net")
        counts.append(len(file.clicks))
    assert counts == [2980, 2920, 3014, 2986]


def test_older_labelu_exports_and_segments_are_read(tmp_path):
    segment = {"start": 2, "end": 4, "label": "a"}
    tools = {"videoSegmentTool": {"toolName": "videoSegmentTool", "result": [segment]}}
    old = {"id": 1, "result": json.dumps(tools), "fileNames": {"k": "v.mp4"}}
    unseen = {"id": 2, "result": "", "fileName": "w.mp4"}
    file = read(tmp_path, json.dumps([old, unseen]))
    assert seen(file) == [("v.mp4", 3.0, "a")]
    assert file.clicks[0].is_interval


def test_via_marks_of_every_kind_are_read(tmp_path):
    rows = [
        via_row(["v.mp4"], [1.0, 3.0], {"1": "0,1"}),
        via_row(["v.mp4"], [4.0, 4.04], {"2": "ü"}),
        via_row(["v.mp4"], [5.0], {}),
        via_row(["v.mp4"], [], {"1": "0"}),
    ]
    file = read(tmp_path, via([]) + "\r\n\r\n" + "\r\n".join(rows))
    found = [("a b", 2.0, True), ("ü", 2.0, True), ("ü", 4.02, False), ("", 5.0, False)]
    assert [(c.label, c.seconds(), c.is_interval) for c in file.clicks] == found


def test_via_files_that_a_spreadsheet_saved_are_read(tmp_path):
    rows = io.StringIO()
    comments = [line + ",,," for line in via([]).splitlines()]
    csv.writer(rows).writerows([comment] for comment in comments)
    row = via_row(["v.mp4"], [1.5], {"1": "1"})
    assert seen(read(tmp_path, rows.getvalue() + row)) == [("v.mp4", 1.5, "ü")]


def test_via_temporal_segments_are_read(tmp_path):
    lines = (
        "# Exported using VGG Image Annotator\n"
        "# CSV_HEADER = metadata_id,file_list,temporal_segment_start,"
        "temporal_segment_end,metadata\n"
        '"1_x","[""v.mp4""]",1,2,"{""action"":""a""}"\n'
        '"1_y","[""v.mp4""]",4,undefined,"{""action"":""a""}"\n'
    )
    assert seen(read(tmp_path, lines)) == [("v.mp4", 1.5, "a"), ("v.mp4", 4.0, "a")]


def test_label_studio_frames_are_numbered_from_one_with_their_end(tmp_path):
    shadow = {"type": "timelinelabels", "value": {"timelinelabels": ["a"]}}
    box = {"type": "videorectangle", "value": {"sequence": []}}
    results = [span(26, 26, "a"), span(1, 50, "a", "b"), shadow, box]
    content = label_studio(
        ("/data/upload/1/0123abcd-v.mp4", {"id": 3, "email": "a@b.c"}, results, {}),
        ("w.mp4", 4, [span(1, 1, "a")], {"was_cancelled": True}),
    )
    file = read(tmp_path, content)
    found = [(c.label, c.seconds(25.0), c.is_interval) for c in file.clicks]
    assert found == [("a", 1.02, False), ("a", 1.0, True), ("b", 1.0, True)]
    assert {c.annotator for c in file.clicks} == {"a@b.c"}


@pytest.mark.parametrize("index", ["", "class_index,"])
def test_lacps_points_are_frames_from_zero(tmp_path, index):
    number = index and "2,"
    rows = f"class,{index}start_frame,stop_frame,video_id,point\n"
    for label, point in (("Billiards", 2151), ("BG", 0), ("Billiards", "x")):
        rows += f"{label},{number}2025,2277,video_validation_0000051,{point}\n"
    file = read(tmp_path, rows)
    assert [
        (c.video, c.seconds(30.0), c.label, c.is_interval) for c in file.clicks
    ] == [
        ("video_validation_0000051", 71.7, "Billiards", False),
        ("video_validation_0000051", 0.0, BACKGROUND, False),
    ]
    assert file.format.startswith("a points CSV of LACP")
    assert "line 4: expected a time" in file.problems[0] and len(file.problems) == 1


def test_labels_of_clicks_are_texts_or_numbers(tmp_path):
    labels = [3, 3.0, "3", None, ["a"], False, {}]
    points = [{"seconds": 1, "label": label} for label in labels]
    file = read(tmp_path, json.dumps({"video": {"id": "v"}, "points": points}))
    assert [click.label for click in file.clicks] == ["3", "3", "3", ""]
    assert [problem.partition(": ")[2] for problem in file.problems] == [
        f"expected a label, the name of an action, found {found}"
        for found in ('["a"]', "false", "{}")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_of_all_systems_are_read(tmp_path, encoding, end):
    rows = f"{end}video_id,seconds,label{end}{end}v ü,00:01:02.5,a{end},,{end}"
    (tmp_path / "c.csv").write_bytes(rows.encode(encoding))
    assert seen(read_click_file(tmp_path / "c.csv")) == [("v ü", 62.5, "a")]


def test_text_in_another_encoding_is_named(tmp_path):
    (tmp_path / "c.csv").write_bytes("video_id,seconds,label\nvü,1,a".encode("cp1252"))
    with pytest.raises(AnnotationError, match="save the file in UTF-8"):
        read_click_file(tmp_path / "c.csv")


@given(times)
def test_times_are_read_as_numbers_text_and_clocks(seconds):
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    clock = f"{hours:02.0f}:{minutes:02.0f}:{left:06.3f}"
    for value in (seconds, f" {seconds} "):
        assert parse_seconds(value) == seconds
    if not clock.endswith("60.000"):
        assert parse_seconds(clock) == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize(
    "value", ["soon", "", None, -1, "nan", "inf", "1:2:3:4", "1:75", True, [1], "1,5"]
)
def test_what_is_no_time_is_named(value):
    with pytest.raises(ValueError, match="expected a time, such as"):
        parse_seconds(value)


def test_all_bad_rows_are_named_by_their_lines(tmp_path):
    rows = "video_id,seconds,label\nv,soon,a\nv,1,a\n,1,a\nv\n"
    file = read(tmp_path, rows)
    assert len(file.clicks) == 1
    assert [problem.split(": ")[0].split(", ")[1] for problem in file.problems] == [
        *("line 2", "line 4", "line 5"),
    ]


def test_reversed_intervals_are_problems(tmp_path):
    file = read(tmp_path, label_studio(("v", 1, [span(5, 4, "a")], {})))
    assert "expected start <= end, found [5, 4]" in file.problems[0]


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "1", "[1]", "a;b;c", "v 1 2", '[{"data": 1}]']
)
def test_other_files_are_answered_with_the_forms_known(tmp_path, content):
    with pytest.raises(AnnotationError, match="expected clicks in one of") as caught:
        read(tmp_path, content)
    for form in (
        "points CSV",
        "points JSON",
        "LACP",
        "SF-Net",
        "LabelU",
        "VIA",
        "Label Studio",
    ):
        assert form in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        '{"video": "v", "points": [{}]}',
        '{"video": {"id": "v"}, "points": 1}',
        '[{"data": {}, "annotations": [{"result": [1]}]}]',
        '[{"fileName": "v", "result": "{"}]',
        "# CSV_HEADER = metadata_id,file_list\nx,[,0",
    ],
)
def test_files_that_break_their_form_are_named(tmp_path, content):
    with pytest.raises(AnnotationError, match="found something else in it"):
        read(tmp_path, content)
