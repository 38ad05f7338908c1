"""The stage that CONTRIBUTING.md adds as an example, added to a copy of the project."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.command.commands import command
from tests.conftest import ROOT
from tests.timeline_maker import write_timeline

STAGE = "pipeline/stages/lengths.py"


def run(folder: Path, *words: str) -> str:
    """Run a command of the copy, and return what it prints."""
    environ = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "120"}
    done = subprocess.run(
        [command(words[0]), *words[1:]],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_example_of_a_stage_is_one_file_and_one_class(tmp_path):
    stage, task = re.findall(
        r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
    )
    for package in ("pipeline", "extractors", "models"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / STAGE).write_text(stage)
    text = (ROOT / "tasks.py").read_text("utf-8")
    imports = "from pipeline.stages.lengths import LENGTHS\n"
    head, mark, tail = text.partition("@with_options")
    (tmp_path / "tasks.py").write_text(f"{head}{imports}{mark}{tail}\n\n{task}")
    write_timeline(tmp_path / "timeline")
    words = ["--dataset", "simulated", "--timeline", "timeline"]
    said = run(tmp_path, "luigi", "--module", "tasks", "WriteLengths", *words)
    (made,) = tmp_path.glob("work/simulated/lengths/*/lengths.csv")
    assert f"WriteLengths: {made.parent.relative_to(tmp_path)}" in said
    lines = made.read_text().splitlines()
    assert len(lines) == 4 and lines[0].startswith("video_")
    again = run(tmp_path, "luigi", "--module", "tasks", "WriteLengths", *words)
    assert "Nothing to do" in again
    assert "WriteLengths" in run(tmp_path, "soda", "status", "work/simulated")
    assert "WriteLengths" in run(tmp_path, "soda", "run", "--help")
    run(tmp_path, "soda", "clean", "work/simulated", "--all", "--yes")
    assert not made.exists()
