"""The code of docs/python.md, run from its first line to its last."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.command.commands import QUICK, run
from tests.conftest import ROOT
from tests.dataset_maker import make_dataset

PAGE = ROOT / "docs" / "python.md"


@pytest.mark.slow
def test_the_pages_code_runs(tmp_path):
    kitchen = tmp_path / "kitchen"
    dataset = make_dataset(kitchen)
    goal = ("--to", "TrainSODA", "--workdir", "first")
    done = run("soda", "run", dataset, *goal, *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    next((tmp_path / "first" / "models").iterdir()).rename(tmp_path / "model")
    next((tmp_path / "first" / "points").glob("*.csv")).rename(tmp_path / "clicks.csv")
    shutil.copy(kitchen / "test 5.mp4", tmp_path / "new.mp4")

    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"\w+ \d\.\d+ \d\.\d+ \d\.\d+\n", done.stdout)
    assert "detect: 100%" in done.stdout
    assert float(done.stdout.splitlines()[-1]) > 50
    assert (tmp_path / "new.pdf").exists()


def test_importing_the_package_waits_for_nothing():
    program = """
import sys, pipeline
assert not {"torch", "numpy"} & set(sys.modules)
assert set(pipeline.__all__) <= set(dir(pipeline))
for name in pipeline.__all__:
    assert getattr(pipeline, name).__name__ == name
try:
    pipeline.nothing
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "module 'pipeline' has no attribute 'nothing'\n"
