"""What models found, read back, compared, and shown without a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.prediction import Prediction
from pipeline.detection.activations import Response, response_path, write_response
from pipeline.detection.detections import Detection, write_detections
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.grid import SnippetGrid
from pipeline.report.results import (
    comparison_notes,
    differences,
    model_names,
    read_detection_set,
)
from pipeline.report.standalone import report_detections
from pipeline.run.config import Config
from pipeline.run.run import Run
from pipeline.stages.detect import DETECT
from pipeline.stages.report import REPORT
from tests.run_maker import make_run, with_options
from tests.video_maker import numbered_pictures, write_video

ORIGIN = {"train": {"networks": 2}, "detect": {"cas_thresholds": [0.0, 0.1]}}
GRID = SnippetGrid(100, 25.0, snippet_frames=25, stride_frames=25)
FOUND = {"a": [Detection("kick", 0.9, 1.0, 2.0)], "b": [], "c d": []}


def a_folder(
    folder: Path,
    classes: tuple[str, ...] = ("kick", "hug"),
    found: Any = FOUND,
    networks: int = 2,
) -> Path:
    """A folder of detections as DetectActions writes it."""
    origin = {**ORIGIN, "train": {"networks": networks}}
    write_detections(folder / "detections.json", found, origin)
    for place, id in enumerate(found):
        cas = np.full((1 + len(classes), 4), float(place))
        said = Prediction(cas, np.ones(1 + len(classes)))
        write_response(response_path(folder, id), Response(said, GRID, classes))
    return folder


def ground_truth(path: Path) -> Path:
    kick = {"label": "kick", "segment": [1.0, 2.0]}
    entry = {"subset": "test", "duration": 4.0, "annotations": [kick]}
    path.write_text(json.dumps({"database": {"a": entry, "lost": entry}}))
    return path


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    found = read_detection_set(a_folder(tmp_path / "0a1b"))
    assert found.classes == ("kick", "hug")
    assert found.title == "0a1b"
    last = found.findings("c d")
    assert last.response is not None and last.response.prediction.cas[0, 0] == 2
    assert last.thresholds == (0.0, 0.1)
    assert found.findings("a").detections == tuple(FOUND["a"])


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_file_alone_has_detections_but_no_activations(
    tmp_path: Path, suffix: str
) -> None:
    write_detections(tmp_path / "mine.json", FOUND)
    found = read_detection_set(tmp_path / f"mine{suffix}")
    assert (found.title, found.classes, found.labels) == ("mine", None, {"kick"})
    assert found.findings("a").response is None


@pytest.mark.parametrize("name", ["", "nowhere", "nowhere.json"])
def test_a_path_without_detections_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputNotFoundError, match="expected detections, or a folder"):
        read_detection_set(tmp_path / name)


def test_models_are_named_by_what_differs(tmp_path: Path) -> None:
    folders = (a_folder(tmp_path / "x"), a_folder(tmp_path / "y", networks=1))
    found = [read_detection_set(folder) for folder in folders]
    assert differences(found) == {"train.networks": [2, 1]}
    assert model_names(found) == ["networks 2", "networks 1"]
    (note,) = comparison_notes(found)
    assert note.endswith("differs in train.networks: 2 | 1")
    assert model_names([found[0], found[0]]) == ["x", "x"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("kick", "wave")}, "expected the 2 classes.*differ in hug, wave"),
        ({"classes": ("hug", "kick")}, "expected the classes in the order of"),
        ({"found": {"a": []}}, "expected the 3 videos.*found 1 that differ in b, c d"),
    ],
)
def test_models_of_other_data_are_not_compared(
    tmp_path: Path, changes: Any, message: str
) -> None:
    this, other = a_folder(tmp_path / "x"), a_folder(tmp_path / "y", **changes)
    with pytest.raises(AnnotationError, match=message):
        report_detections(this, tmp_path / "report", compare_with=other)
    assert not (tmp_path / "report").exists()


def test_a_folder_becomes_pages(tmp_path: Path) -> None:
    index = report_detections(
        a_folder(tmp_path / "x"),
        tmp_path / "report",
        compare_with=a_folder(tmp_path / "y", networks=1),
        ground_truth=ground_truth(tmp_path / "truth.json"),
        command="soda report x",
    )
    text = index.read_text(encoding="utf-8")
    for part in ("soda report x", "networks 1", "1<small> of 2", "lost", "train.net"):
        assert part in text
    assert len(list((tmp_path / "report" / "videos").glob("*.html"))) == 3


def test_pages_find_the_ground_truth_by_other_forms_of_the_id(tmp_path: Path) -> None:
    path = ground_truth(tmp_path / "truth.json")
    path.write_text(path.read_text().replace('"a"', '"v_a.mp4"'))
    write_detections(tmp_path / "found.json", FOUND)
    index = report_detections(
        tmp_path / "found.json", tmp_path / "report", ground_truth=path
    )
    assert "1<small> of 2" in index.read_text(encoding="utf-8")
    page = (tmp_path / "report" / "videos" / "a.html").read_text(encoding="utf-8")
    assert 'data-seconds="4.0"' in page
    path.write_text(path.read_text().replace('"v_a.mp4"', '"other"'))
    with pytest.raises(AnnotationError, match=r"'other', 'lost', found .* 'a', 'b'"):
        report_detections(tmp_path / "found.json", tmp_path / "x", ground_truth=path)


def test_videos_are_found_and_measured(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", numbered_pictures(75))
    write_detections(tmp_path / "found.json", FOUND)
    report_detections(
        tmp_path / "found.json", tmp_path / "report", videos=tmp_path / "videos"
    )
    pages = tmp_path / "report" / "videos"
    assert 'data-seconds="3.0"' in (pages / "a.html").read_text(encoding="utf-8")
    assert 'data-seconds="1.0"' in (pages / "b.html").read_text(encoding="utf-8")
    assert (tmp_path / "report" / "strips" / "a.jpg").exists()


def test_videos_are_found_by_the_ids_of_soda_init_and_the_others_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("jump", "wave"):
        (tmp_path / "data" / label).mkdir(parents=True)
        write_video(tmp_path / "data" / label / "1.mp4", numbered_pictures(25))
    found = {id: FOUND["a"] for id in ("jump_1", "wave_1", "gone")}
    write_detections(tmp_path / "found.json", found)
    report_detections(tmp_path / "found.json", tmp_path / "out", videos=tmp_path)
    pages = {p.stem: p.read_text() for p in (tmp_path / "out" / "videos").iterdir()}
    assert not any("<video" in page for page in pages.values())
    assert "expected the video 'jump_1' and 2 more" in capsys.readouterr().err
    folder = tmp_path / "data"
    report_detections(tmp_path / "found.json", tmp_path / "out", videos=folder)
    pages = {p.stem: p.read_text() for p in (tmp_path / "out" / "videos").iterdir()}
    assert {id for id in pages if "<video" in pages[id]} == {"jump_1", "wave_1"}
    assert "expected the video 'gone', found no" in capsys.readouterr().err


def test_another_model_makes_another_report(tmp_path: Path) -> None:
    other = a_folder(tmp_path / "x")
    run = make_run("d.json", Config(), tmp_path, device="cpu", features_dir=tmp_path)
    beside = with_options(run, compare_with=other)
    assert REPORT.folder(beside) != REPORT.folder(run)
    assert DETECT.folder(beside) == DETECT.folder(run)
    assert Run.from_json(beside.to_json("detect")) == beside


def test_files_of_others_stand_beside_ours(tmp_path: Path) -> None:
    """Whatever ActivityNet's `external_data` says in them."""
    for name, used in (("x", "Kinetics"), ("y", "ImageNet, and a long story of it")):
        origin = {"used": used, "detect": "by hand"}
        write_detections(tmp_path / f"{name}.json", FOUND, origin)
    files = [tmp_path / "x.json", tmp_path / "y.json"]
    assert model_names([read_detection_set(file) for file in files]) == ["x", "y"]
    index = report_detections(
        files[0], tmp_path / "report", compare_with=a_folder(tmp_path / "ours")
    )
    assert "2 classes" in index.read_text(encoding="utf-8")
    page = tmp_path / "report" / "videos" / "a.html"
    assert page.read_text(encoding="utf-8").count("<polyline") == 2
