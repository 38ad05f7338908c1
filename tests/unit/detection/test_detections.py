import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.detection.detections import Detection, read_detections, write_detections
from pipeline.errors import AnnotationError

milliseconds = st.integers(0, 10**7).map(lambda n: n / 1000)
found = st.builds(
    Detection,
    label=st.text(min_size=1, max_size=5).filter(str.isprintable).filter(str.strip),
    score=st.integers(-(10**6), 10**6).map(lambda n: n / 10**6),
    start_seconds=milliseconds,
    end_seconds=milliseconds,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["v", "w ö"]), st.lists(found, max_size=4)))
def test_detections_come_back_by_descending_score(tmp_path, detections):
    path = tmp_path / "detections.json"
    write_detections(path, detections)
    back = read_detections(path)
    assert set(back) == set(detections)
    for id, items in detections.items():
        assert sorted(back[id], key=repr) == sorted(items, key=repr)
        assert [d.score for d in back[id]] == sorted(d.score for d in items)[::-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["v", "w ö"]), st.lists(found, max_size=4)))
def test_the_csv_gives_the_same_but_for_videos_without_any(tmp_path, detections):
    path = tmp_path / "detections.json"
    write_detections(path, detections)
    expected = {id: items for id, items in read_detections(path).items() if items}
    assert read_detections(path.with_suffix(".csv")) == expected


def test_the_csv_holds_the_same(tmp_path):
    path = tmp_path / "d.json"
    write_detections(path, {"v": [Detection("a, b", 0.5, 1.0, 2.0)]})
    rows = list(csv.reader(path.with_suffix(".csv").read_text().splitlines()))
    assert rows == [
        ["video_id", "label", "start_seconds", "end_seconds", "score"],
        ["v", "a, b", "1.0", "2.0", "0.5"],
    ]


def test_what_holds_no_results_is_refused(tmp_path):
    path = tmp_path / "d.json"
    for content, found in (
        ('{"results": {"v": [{"label": "a"}]}}', 'found {"label": "a"}'),
        ("{}", "found something else"),
        ("[]", "found something else"),
        ('{"results": {"v": [{"label": "a", "score": "x"}]}}', '"score": "x"}'),
    ):
        path.write_text(content)
        with pytest.raises(AnnotationError, match="expected") as caught:
            read_detections(path)
        assert found in str(caught.value)
        assert "Error" not in str(caught.value)


def results(*labels):
    """ActivityNet's results with a detection of each label, which are JSON."""
    found = (f'{{"label": {label}, "score": 1, "segment": [0, 1]}}' for label in labels)
    return f'{{"results": {{"v": [{", ".join(found)}]}}}}'


def test_numbers_as_labels_are_one_class_and_said(tmp_path, caplog):
    path = tmp_path / "d.json"
    path.write_text(results("3", "3.0", '"3"'))
    assert [d.label for d in read_detections(path)["v"]] == ["3", "3", "3"]
    assert "the labels 3, 3.0 are numbers" in caplog.text


@pytest.mark.parametrize("label", ["null", '["a"]', '""', "true"])
def test_what_is_no_label_is_named_with_its_json_path(tmp_path, label):
    path = tmp_path / "d.json"
    path.write_text(results('"a"', label))
    message = r"d\.json: \$\.results\.v\[1\]\.label: expected a label"
    with pytest.raises(AnnotationError, match=message):
        read_detections(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "an empty file"),
        ("video-id,t-start,t-end,label,score\n", "video-id,t-start,t-end,label,score"),
        ("video_id;label;start_seconds;end_seconds;score\nv;a;0;1;1\n", "video_id;"),
    ],
)
def test_a_table_with_other_columns_is_refused(tmp_path, content, found):
    path = tmp_path / "d.csv"
    path.write_text(content)
    with pytest.raises(AnnotationError, match=f"expected the columns .* found {found}"):
        read_detections(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_of_any_system_is_read(tmp_path, encoding, end):
    path = tmp_path / "d.csv"
    rows = f"video_id, label,start_seconds,end_seconds,score{end}ü,a,4,6,0.8{end}"
    path.write_bytes(rows.encode(encoding))
    assert read_detections(path) == {"ü": [Detection("a", 0.8, 4.0, 6.0)]}


def test_a_table_of_something_else_is_refused_with_its_line(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("video_id,label,start_seconds,end_seconds,score\nv,a,0,1\n")
    with pytest.raises(AnnotationError, match=r"d\.csv, line 2: expected video_id,lab"):
        read_detections(path)


@pytest.mark.parametrize("last", ["video_id", "label", "score"])
def test_a_row_that_lacks_its_last_cell_is_named_in_any_order(tmp_path, last):
    columns = ["video_id", "label", "start_seconds", "end_seconds", "score"]
    columns.sort(key=lambda name: name == last)
    path = tmp_path / "d.csv"
    path.write_text(f"{','.join(columns)}\n1,1,2,3\n")
    with pytest.raises(AnnotationError, match=r"line 2: .*fewer cells than columns"):
        read_detections(path)


def test_labels_like_formulas_are_text_in_the_csv_and_come_back(tmp_path):
    path = tmp_path / "d.json"
    labels = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "'=x", "'tis"]
    found = {f"{label}.mp4": [Detection(label, 0.5, 1.0, 2.0)] for label in labels}
    write_detections(path, found)
    with path.with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[1] for row in rows] == [*("'" + label for label in labels[:7]), "'tis"]
    assert read_detections(path.with_suffix(".csv")) == found == read_detections(path)
