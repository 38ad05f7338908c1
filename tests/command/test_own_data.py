"""docs/your-own-data.md, word for word, on videos that are made here."""

import re
import shlex

import numpy as np
import pytest

from pipeline.storage import read_arrays
from tests.command.commands import QUICK, run
from tests.conftest import ROOT
from tests.dataset_maker import FRAMES, STEPS, square_pictures
from tests.video_maker import write_video

pytestmark = pytest.mark.slow

TRAINING = QUICK[QUICK.index("--cells") :]
MOVING = range(25, 55)


def commands():
    """The page's commands, in order.

    Those of the benchmarks need a download; the annotation page has tests of its own.
    """
    text = (ROOT / "docs/your-own-data.md").read_text().split("## Benchmarks")[0]
    found = re.findall(r"^    (soda .*)$", text, re.MULTILINE)
    return [line for line in found if not line.startswith("soda annotate")]


def typed(command, model):
    """A command as its words; runs are made quick."""
    words = shlex.split(command.replace("<fingerprint>", model))
    if words[1] == "run" and "--features-dir" in words:
        return [*words, *TRAINING]
    if words[1] == "run" and "GeneratePoints" not in words:
        return [*words, *QUICK]
    return words


@pytest.fixture
def folder(tmp_path):
    """Videos in folders by their labels, and tables of clicks and of actions."""
    clicks, actions = (
        ["video_id,seconds,label"],
        ["path,label,start_seconds,end_seconds"],
    )
    for label in STEPS:
        (tmp_path / "my_videos" / label).mkdir(parents=True)
        for number in range(4):
            name = f"{label} {number}"
            path = tmp_path / "my_videos" / label / f"{name}.mp4"
            write_video(path, square_pictures(label, MOVING, seed=number))
            clicks += [f"{name},1.6,{label}", f"{name},0.5,background"]
            actions += [f"{label}/{name}.mp4,{label},1.0,2.2"]
    write_video(tmp_path / "new.mp4", square_pictures("down", MOVING, seed=9))
    (tmp_path / "clicks.csv").write_text("\n".join(clicks))
    (tmp_path / "actions.csv").write_text("\n".join(actions))
    assert MOVING.stop < FRAMES
    return tmp_path


def test_every_command_of_the_page_does_what_it_says(folder):
    said = []
    for command in commands():
        if "--features-dir" in command:
            (folder / "features").mkdir()
            for path in folder.glob("work/my_videos/features/*/*.safetensors"):
                array = read_arrays(path)[0]["features"]
                np.save(folder / "features" / f"{path.stem}.npy", array)
        models = [p.parent.name for p in folder.glob("work/*/models/*/done.json")]
        done = run(*typed(command, (models or [""])[0]), cwd=folder)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said.append(done.stdout + done.stderr)
    _, checked, points, trained, *_, scored, imported = said
    assert "no problems; next: soda annotate my_videos/dataset.json" in checked
    assert "12 clicks in 6 training videos: 6 action, 6 background" in points
    assert "report: work/my_videos/report/" in trained
    assert "2 of 2 test videos" in scored and "2 of 2 test videos" in imported
    # Of the clicks in the table, and of those simulated from the actions' times.
    assert len(list(folder.glob("work/my_videos/report/*/index.html"))) == 2
    assert len(list((folder / "detections" / "srt").iterdir())) == 1
