import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from models.prediction import Prediction
from pipeline.datasets import Instance, Point
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.evaluation.oddities import Oddities
from pipeline.evaluation.scores import Scores, VideoCounts
from pipeline.grid import SnippetGrid
from pipeline.report import (
    Findings,
    Model,
    RunReport,
    VideoReport,
    write_report,
)

# Of what a model found, the rest is known of the video.
PARTS = ("detections", "cas", "video_scores", "thresholds")
CLASSES = ("kick", "point", "hug")
EVALUATION = Scores(
    evaluator="activitynet",
    ap="interpolated",
    videos=VideoCounts(scored=1, of=2, unlisted=0),
    oddities=Oddities({}, 0, 0, 0),
    map={"0.5": 45.6789, "0.75": 12.3456},
    average_map=29.0123,
    bootstrap=None,
    classes={"kick": {"0.5": 45.6789, "0.75": 12.3456}},
)
HOSTILE = """x"><script>alert('1')</script> ü & a/../b"""


def a_video(id: str = "v1", **changes: Any) -> VideoReport:
    """Ten seconds with one kick, found well, and a hug that is not there."""
    parts = {name: changes.pop(name) for name in PARTS if name in changes}
    video = VideoReport(
        id=id,
        subset="test",
        path=None,
        duration_seconds=10.0,
        ground_truth=(Instance("kick", 2.0, 4.0),),
        points=(Point(3.0, "kick"), Point(6.123456, "background")),
        findings=(found(**parts),),
    )
    return replace(video, **changes)


def found(**parts: Any) -> Findings:
    """What a model found in that video, with some parts changed."""
    cells = 20
    detections = (
        Detection("kick", 0.87654321, 2.123456, 4.0),
        Detection("hug", 0.25, 7.0, 8.0),
    )
    prediction = Prediction(
        parts.get("cas", np.sin(np.arange(4 * cells)).reshape(4, cells)),
        parts.get("video_scores", np.array([0.1, 0.6, 0.1, 0.2])),
    )
    grid = SnippetGrid(cells, fps=2.0, snippet_frames=1, stride_frames=1)
    return Findings(
        parts.get("detections", detections),
        Response(prediction, grid, CLASSES),
        parts.get("thresholds", ()),
    )


def a_report(*videos: VideoReport, **changes: Any) -> RunReport:
    fields: dict[str, Any] = dict(
        title="three classes",
        classes=CLASSES,
        videos=videos,
        models=(Model("m", EVALUATION),),
        failures={},
        command="luigi --module tasks Report",
        parameters={"train": {"epochs": 60}, "flow": "hof"},
        notes=("flow features: hof",),
        stage_seconds={"train": 95.2},
    )
    return RunReport(**(fields | changes))


class Page(HTMLParser):
    """What a browser would make of a page: elements with attributes, and text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, css_class: str = "") -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and css_class in (attributes.get("class") or "")
        ]


def index_and_pages(folder: Path, report: RunReport) -> tuple[Page, list[Page]]:
    """The index, and the pages in the order in which it links them."""
    index = Page(write_report(folder, report))
    links = [unquote(str(link["href"])) for link in index.all("a")]
    return index, [Page(folder / link) for link in links]


def the_page(folder: Path, report: RunReport) -> Page:
    _, (page,) = index_and_pages(folder, report)
    return page


def test_every_video_is_linked_whatever_its_id(tmp_path: Path) -> None:
    ids = ("v1", "two words", "видео", "50%20", "a?b#c", HOSTILE)
    report = a_report(*(a_video(id) for id in ids))
    index, pages = index_and_pages(tmp_path, report)
    assert len(pages) == len(ids)
    for id, page in zip(ids, pages, strict=True):
        assert id in page.text
        assert id in index.text


def test_neighbours_link_to_each_other(tmp_path: Path) -> None:
    _, (first, last) = index_and_pages(tmp_path, a_report(a_video("a b"), a_video("c")))
    assert [link["href"] for link in first.all("a")] == ["../index.html", "c.html"]
    assert [link["href"] for link in last.all("a")] == ["../index.html", "a%20b.html"]


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    video = a_video(
        HOSTILE,
        path=tmp_path / "<b>.mp4",
        ground_truth=(Instance(HOSTILE, 1.0, 2.0),),
        detections=(Detection(HOSTILE, 0.5, 1.0, 2.0),),
        points=(Point(1.5, HOSTILE),),
    )
    video = replace(video, findings=2 * video.findings)
    report = a_report(
        video,
        title=HOSTILE,
        classes=("kick", "point", HOSTILE),
        failures={HOSTILE: HOSTILE},
        command=HOSTILE,
        parameters={HOSTILE: [HOSTILE]},
        notes=(HOSTILE,),
        origins={HOSTILE: HOSTILE},
        models=(Model(HOSTILE, EVALUATION), Model(HOSTILE + "2", EVALUATION)),
        stage_seconds={HOSTILE: 1.0},
    )
    index, (page,) = index_and_pages(tmp_path, report)
    assert index.all("script") == [{"src": "assets/index.js", "defer": None}]
    assert page.all("script") == [{"src": "../assets/player.js", "defer": None}]
    assert page.all("b") == []
    title = f"{HOSTILE}, 1.00–2.00 s, score 0.50, {HOSTILE}"
    assert page.all("i", "detection")[0]["title"] == title


def test_video_is_linked_relative_to_the_page(tmp_path: Path) -> None:
    video = a_video(path=tmp_path / "my videos" / "50% done?.mp4")
    page = the_page(tmp_path / "report", a_report(video))
    assert page.all("video")[0]["src"] == "../../my%20videos/50%25%20done%3F.mp4"


def test_video_without_a_file_says_so(tmp_path: Path) -> None:
    page = the_page(tmp_path, a_report(a_video(path=None)))
    assert page.all("video") == []
    assert "No video file is known" in page.text


def test_worst_video_comes_first_and_unscored_ones_last(tmp_path: Path) -> None:
    missed = a_video("missed", detections=())
    unscored = a_video("unscored", ground_truth=())
    index, _ = index_and_pages(tmp_path, a_report(unscored, a_video("found"), missed))
    links = [link["href"] for link in index.all("a")]
    assert links == ["videos/missed.html", "videos/found.html", "videos/unscored.html"]
    assert "no ground truth" in index.text


def test_failures_are_listed_with_their_reason(tmp_path: Path) -> None:
    report = a_report(
        a_video(), failures={"v9": "decoded 3 of 90 frames; re-encode it"}
    )
    index, _ = index_and_pages(tmp_path, report)
    assert "v9" in index.text
    assert "decoded 3 of 90 frames; re-encode it" in index.text


def test_index_tells_scores_and_origin(tmp_path: Path) -> None:
    index, _ = index_and_pages(tmp_path, a_report(a_video()))
    text = " ".join(index.text.split())
    for fact in (
        "average mAP, tIoU 0.5–0.75 29.0 %",
        "mAP at tIoU 0.5 45.7 %",
        "videos scored 1 of 2",
        "luigi --module tasks Report",
        "train.epochs 60",
        "flow features: hof",
        "train 1:35",
    ):
        assert fact in text


def test_report_without_ground_truth_is_possible(tmp_path: Path) -> None:
    report = a_report(a_video(ground_truth=(), points=()), models=(Model("m"),))
    index, (page,) = index_and_pages(tmp_path, report)
    assert "there are no scores" in index.text
    assert "Worst first" not in index.text and "AP, %" not in index.text
    assert page.all("i", "instance") == []


def test_numbers_are_rounded(tmp_path: Path) -> None:
    write_report(tmp_path, a_report(a_video()))
    for path in tmp_path.rglob("*.html"):
        assert not re.findall(r"\d\.\d{4,}", path.read_text(encoding="utf-8"))


def test_page_of_a_long_video_stays_small(tmp_path: Path) -> None:
    cells = 750
    video = a_video(
        detections=tuple(Detection("kick", 0.5, i, i + 1.5) for i in range(60)),
        cas=np.random.default_rng(0).normal(size=(4, cells)),
    )
    write_report(tmp_path, a_report(video))
    assert (tmp_path / "videos" / "v1.html").stat().st_size < 60_000


def test_same_report_gives_the_same_files(tmp_path: Path) -> None:
    report = a_report(a_video("a"), a_video("b", ground_truth=()))
    for name in ("one", "two"):
        write_report(tmp_path / name, report)
    files = sorted(p for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) == 6
    for path in files:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes()


def test_a_class_has_one_colour_on_all_pages(tmp_path: Path) -> None:
    alone = a_video("alone", ground_truth=(), detections=(Detection("hug", 0.5, 1, 2),))
    report = a_report(a_video("several"), alone)
    index, pages = index_and_pages(tmp_path, report)
    for page in (index, *pages):
        html = " ".join(str(e) for e in page.all("span", "chip"))
        assert "colour-2" in html  # hug is the third class
    assert all(page.all("div", "row colour-2") for page in pages)


def test_unknown_labels_get_a_colour_but_no_curve(tmp_path: Path) -> None:
    video = a_video(ground_truth=(Instance("dance", 1.0, 2.0),))
    page = the_page(tmp_path, a_report(video))
    assert page.all("div", "row colour-3")
    assert len(page.all("polyline")) == 3  # kick (a point), hug (found), background


def test_style_sheet_defines_every_colour() -> None:
    from pipeline.report import drawing

    style = Path(drawing.__file__).with_name("assets") / "style.css"
    defined = set(re.findall(r"\.(colour-\w+) {", style.read_text()))
    numbered = {f"colour-{i}" for i in range(drawing.NUM_COLOURS)}
    assert defined == numbered | {"colour-background"}


def test_curves_share_one_scale_that_holds_zero(tmp_path: Path) -> None:
    cas = np.full((4, 20), 1.0)
    cas[1] = 4.0  # kick; hug and background stay at 1
    page = the_page(tmp_path, a_report(a_video(cas=cas)))
    heights = [str(p["points"]).split()[0].split(",")[1] for p in page.all("polyline")]
    assert heights == ["0", "75", "75"]
    assert {line["y1"] for line in page.all("line")} == {"100.0"}


def test_the_best_class_is_drawn_where_none_is_present(tmp_path: Path) -> None:
    video = a_video(ground_truth=(), points=(), detections=())
    page = the_page(tmp_path, a_report(video))
    labels = [e["aria-label"] for e in page.all("div", "track") if "aria-label" in e]
    assert labels == [
        "Activation of kick over time",
        "Activation of background over time",
    ]


def test_activations_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    cas = np.ones((4, 20))
    cas[:, 5] = np.nan
    cas[0] = np.inf
    page = the_page(tmp_path, a_report(a_video(cas=cas)))
    assert [len(str(p["points"]).split()) for p in page.all("polyline")] == [19, 19, 0]


def test_axis_hides_nothing_beyond_the_end(tmp_path: Path) -> None:
    video = a_video(ground_truth=(Instance("kick", 10.0, 20.0),))
    page = the_page(tmp_path, a_report(video))
    assert page.all("section", "timeline")[0]["data-seconds"] == "20.0"
    assert page.all("i", "instance")[0]["style"] == "left:50.0%;width:50.0%"


def test_weak_detections_stay_visible_and_negative_ones_too(tmp_path: Path) -> None:
    found = (Detection("kick", 1.3, 1, 2), Detection("kick", -0.2, 3, 4))
    page = the_page(tmp_path, a_report(a_video(detections=found)))
    styles = [str(d["style"]) for d in page.all("i", "detection")]
    assert [style.rpartition("opacity:")[2] for style in styles] == ["1", "0.15"]
    assert page.all("input")[0]["min"] == "-0.20"


def test_only_the_best_of_many_scores_are_shown(tmp_path: Path) -> None:
    classes = tuple(f"c{i}" for i in range(30))
    video = a_video(
        cas=np.zeros((31, 20)),
        video_scores=np.linspace(0, 1, 31),
        ground_truth=(Instance("c0", 1, 2),),
        points=(),
        detections=(),
    )
    page = the_page(tmp_path, a_report(video, classes=classes))
    assert "Not shown: 20 others." in page.text


def test_cas_of_another_number_of_classes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"v1: expected a CAS of 3 rows, .* got 4"):
        a_report(a_video(), classes=("kick", "point"))


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_video_without_length_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="v1: duration must be positive"):
        a_video(duration_seconds=seconds)


def test_thresholds_are_drawn_for_classes_and_not_for_background(
    tmp_path: Path,
) -> None:
    video = a_video(thresholds=(0.0, 0.5))
    page = the_page(tmp_path, a_report(video))
    levels = [str(path["d"]) for path in page.all("path", "levels")]
    assert [path.count("M0 ") for path in levels] == [2, 2]  # kick and hug
