"""THUMOS14 by its name, with stand-in videos, through all stages."""

import pytest

from pipeline.storage import read_json
from tests.command.commands import QUICK, luigi
from tests.timeline_maker import TINY, write_timeline
from tests.video_maker import moving_square_pictures, write_video

pytestmark = pytest.mark.slow

SECONDS = {
    "video_validation_1": 22,
    "video_validation_2": 44,
    "video_test_1": 25,
    "video_test_2": 14,
}
FPS = 5  # so that the videos are small; they are decoded at as many


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The data folder as a user fills it: texts as unpacked, videos anywhere below."""
    folder = tmp_path_factory.mktemp("thumos14")
    write_timeline(folder / "data" / "thumos14", TINY)
    for id, seconds in SECONDS.items():
        first = next(
            float(line.split()[1]) * FPS
            for text in TINY.values()
            for line in text.splitlines()
            if line.startswith(f"{id} ")
        )
        path = folder / "data" / "thumos14" / "videos" / id[:10] / f"{id}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        moving = range(int(first), int(first) + 5 * FPS)
        write_video(path, moving_square_pictures(seconds * FPS, moving), FPS)
    return folder


def thumos14(folder, *more, task="Report"):
    rate = ["--fps", str(FPS), "--stride-frames", "4", "--snippet-frames", "4"]
    return luigi(task, "--dataset", "thumos14", *QUICK, *rate, *more, cwd=folder)


def test_all_stages_run_by_the_benchmarks_name(world):
    done = thumos14(world)
    assert done.returncode == 0, done.stderr
    assert "SODA  thumos14: 4 videos" in done.stderr
    assert "2 of 2 test videos" in done.stdout
    assert list(world.glob("work/thumos14/report/*/index.html"))
    (path,) = world.glob("work/thumos14/evaluation/*.json")
    assert set(read_json(path)["classes"]) == {"Jump", "Throw"}


def test_the_kits_rule_scores_it_too(world):
    done = thumos14(world, "--evaluator", "thumos", task="Evaluate")
    assert done.returncode == 0, done.stderr
    assert "thumos rule" in done.stdout


def test_missing_videos_are_all_named_and_the_others_are_done(world, tmp_path):
    path = next(world.glob("data/thumos14/videos/*/video_test_2.mp4"))
    hidden = path.rename(tmp_path / path.name)
    done = thumos14(world, "--workdir", "missing")
    hidden.rename(path)
    assert done.returncode == 30
    assert "1 of 4 videos failed" in done.stderr and "video_test_2" in done.stderr
    assert len(list(world.glob("missing/frames/*/*.mkv"))) == 3
