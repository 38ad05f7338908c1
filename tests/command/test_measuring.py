"""Every benchmark of docs/performance.md runs, on little."""

import re

import pytest

from extractors.weights import WeightsError, find_weights
from tests.command.commands import run_module
from tests.conftest import ROOT
from tests.video_maker import moving_square_pictures, write_video

pytestmark = pytest.mark.slow

FRAMES = 48
LITTLE = {
    "decode": ["v.mp4"],
    "end_to_end": ["v.mp4", "--cache", "features", "--", "--flow", "dis"],
    "evaluation": ["--detections", "300", "--repeats", "1"],
    "fanout": ["--items", "20", "--planned", "100", "--jobs", "1"],
    "flow": ["v.mp4", "--pairs", "1"],
    "i3d": ["v.mp4", "--batch", "1"],
    "training": ["--videos", "2", "--cells", "8", "--hidden", "16", "--epochs", "1"],
}
NEEDS_WEIGHTS = ("end_to_end", "i3d")


def test_every_benchmark_of_the_page_is_run_here():
    page = (ROOT / "docs/performance.md").read_text()
    assert set(re.findall(r"python -m benchmarks\.(\w+)", page)) == set(LITTLE)


@pytest.mark.parametrize("name", LITTLE)
def test_a_benchmark_prints_its_figures_and_its_machine(name, tmp_path):
    if name in NEEDS_WEIGHTS:
        try:
            find_weights("rgb")
        except WeightsError as error:
            pytest.skip(str(error))
    pictures = moving_square_pictures(FRAMES, range(10, 40))
    path = write_video(tmp_path / "v.mp4", pictures)
    words = [str(path) if word == "v.mp4" else word for word in LITTLE[name]]
    done = run_module(f"benchmarks.{name}", *words, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d", done.stdout) and "torch" in done.stdout
