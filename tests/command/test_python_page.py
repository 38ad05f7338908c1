"""The code of docs/python.md, run from its first line to its last."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.finished import copy_run

PAGE = ROOT / "docs" / "python.md"


@pytest.mark.slow
def test_the_pages_code_runs(finished, tmp_path):
    copy_run(finished, tmp_path, "models", "points", work="first")
    kitchen = (tmp_path / "data").rename(tmp_path / "kitchen")
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
    # One of the two test videos was searched, so that 50 is the most.
    assert 25 < float(done.stdout.splitlines()[-1]) <= 50
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
