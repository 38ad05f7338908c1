"""Pages of many videos, many classes, long videos, and of nothing at all."""

from pathlib import Path

import pytest

from pipeline.report import Findings, Model, RunReport, VideoReport, write_report
from tests.report_maker import random_report


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_test_set_of_213_videos_stays_below_20_megabytes(tmp_path: Path) -> None:
    write_report(tmp_path, random_report(213))
    assert size_of(tmp_path) < 20e6


def test_three_hundred_classes_are_listed(tmp_path: Path) -> None:
    index = write_report(tmp_path, random_report(3, num_classes=300))
    assert index.stat().st_size < 1e6
    assert "300 classes" in index.read_text(encoding="utf-8")


def test_a_video_of_ten_hours_has_few_ticks(tmp_path: Path) -> None:
    write_report(tmp_path, random_report(1, seconds=36000.0))
    (page,) = (tmp_path / "videos").glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert text.count('class="tick"') == 6  # every two hours
    assert "36000.00 s (10:00:00)" in text


def test_a_video_of_which_nothing_is_known_has_a_page(tmp_path: Path) -> None:
    video = VideoReport("v", "", None, 3.0, (), (), (Findings(()),))
    report = RunReport("t", (), (video,), (Model("m"),), "soda report")
    index = write_report(tmp_path, report)
    text = (tmp_path / "videos" / "v.html").read_text(encoding="utf-8")
    assert text.count(">none<") == 3
    assert "Class activation" not in text and "threshold" not in text
    assert "there are no scores" in index.read_text(encoding="utf-8")


def test_findings_must_be_of_all_models() -> None:
    video = VideoReport("v", "", None, 3.0, (), (), (Findings(()),))
    with pytest.raises(ValueError, match=r"v: expected findings of 2 model"):
        RunReport("t", (), (video,), (Model("a"), Model("b")), "")


def test_detections_without_activations_have_no_curves(tmp_path: Path) -> None:
    report = random_report(1)
    (video,) = report.videos
    alone = Findings(video.findings[0].detections)
    shown = RunReport(
        "t",
        report.classes,
        (VideoReport("v", "test", None, 200.0, video.ground_truth, (), (alone,)),),
        (Model("m"),),
        "soda report",
    )
    write_report(tmp_path, shown)
    text = (tmp_path / "videos" / "v.html").read_text(encoding="utf-8")
    assert 'class="detection"' in text
    assert "<polyline" not in text and "Video-level" not in text
