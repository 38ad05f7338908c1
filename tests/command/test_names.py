"""Files with odd names, from `soda init` to the pages that play them."""

import os
import shutil
from unicodedata import normalize

import pytest

from pipeline.detection.detections import Detection, write_detections
from pipeline.storage import read_json
from tests.command.commands import run
from tests.dataset_maker import square_pictures
from tests.video_maker import write_video

NFD = normalize("NFD", "vidéo")
NFC = normalize("NFC", "vidéo")


@pytest.fixture
def folder(tmp_path):
    """Two labels, and names that are left out, with a camera's copy of each video."""
    for label in ("right", "down"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number, name in enumerate(("-1", NFD, ".tmp-2"[1:], "x" * 200)):
            path = tmp_path / "data" / label / f"{name}.mp4"
            write_video(path, square_pictures(label, range(20, 50), seed=number))
            shutil.copy(path, path.with_suffix(".LRV"))
    bad = os.fsencode(tmp_path / "data" / "right") + b"/\xe9.mp4"
    shutil.copy(path, os.fsdecode(bad))
    return tmp_path


def test_odd_names_are_used_or_left_out_by_name(folder):
    done = run("soda", "init", "data", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "left out: data/down/-1.LRV and 7 more: a camera's" in done.stderr
    assert r"left out: 'data/right/\udce9.mp4': its name is not UTF-8" in done.stderr
    videos = read_json(folder / "data" / "dataset.json")["videos"]
    ids = {video["id"] for video in videos}
    names = ("-1", NFC, "tmp-2", "x" * 200)
    assert ids == {f"{label}_{name}" for label in ("right", "down") for name in names}

    checked = run("soda", "check", "data/dataset.json", cwd=folder)
    assert checked.returncode == 0, checked.stdout

    found = {id: [Detection("right", 0.5, 0.5, 1.5)] for id in ids}
    write_detections(folder / "found.json", found)
    words = ("found.json", "--videos", "data", "--output")
    done = run(
        "soda", "export", "detections", *words, "srt", "--format", "srt", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    for path in (folder / "data").glob("*/*.mp4"):
        if path.stem.isprintable():
            place = path.relative_to(folder / "data").with_suffix(".srt")
            assert (folder / "srt" / place).exists()
    done = run("soda", "report", *words, "pages", cwd=folder)
    assert done.returncode == 0, done.stderr
    pages = [page.read_text() for page in (folder / "pages/videos").glob("*.html")]
    assert len(pages) == 8 and all("<video" in page for page in pages)
    clicks = ("--page", "clicks.html", "--subset", "all")
    done = run("soda", "annotate", "data", *clicks, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "clicks.html").exists()
