"""`soda` on files of other people's making."""

import pytest

from pipeline.storage import read_json
from tests.command.commands import run


def evaluate(folder, *more, cwd):
    truth = folder / "autoloc_thumos14_ground_truth.json"
    found = folder / "autoloc_thumos14_detections.json"
    return run(
        *("soda", "evaluate", "--ground-truth", truth, "--detections", found),
        *more,
        cwd=cwd,
    )


def test_published_figures_come_out_of_the_command(shared_data, tmp_path):
    done = evaluate(
        shared_data / "evaluation",
        *("--tiou", "0.1:0.9:0.1", "--subset", "test", "--json", "out.json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    figures = read_json(tmp_path / "out.json")
    published = [46.7, 41.7, 35.8, 29.0, 21.2, 13.4, 5.8, 1.6, 0.2]
    assert list(figures["map"].values()) == pytest.approx(published, abs=0.05)
    assert "210 of 210 videos" in done.stdout
    assert "3 video(s)" in done.stderr and "false positives" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["detect", "--help"]])
def test_help_teaches(arguments, tmp_path):
    done = run("soda", *arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert "soda" in done.stdout
