"""What `soda doctor` looks at, each in a world where it is well or not."""

import shutil
from pathlib import Path

import pytest

from extractors.weights import default_cache
from pipeline.doctor import machine, software
from pipeline.doctor.examination import examine


def test_everything_is_looked_at_and_only_what_is_amiss_has_an_advice(tmp_path):
    found = list(examine(tmp_path))
    assert len({finding.topic for finding in found}) == len(found) > 10
    for finding in found:
        assert finding.found
        assert bool(finding.advice) == (finding.state != "ok")
        assert bool(finding.exit_code) == (finding.state == "problem")


def test_what_the_tests_need_is_there():
    found = [software.python(), software.packages(), *software.codecs()]
    assert [finding.state for finding in found] == ["ok"] * len(found)


def test_a_missing_package_or_codec_is_a_missing_tool(monkeypatch):
    monkeypatch.setattr(software, "_is_there", lambda name: name != "luigi")
    monkeypatch.setattr(software, "_has_codec", lambda name, mode: name == "ffv1")
    found = [software.packages(), *software.codecs()]
    problems = [finding for finding in found if finding.state == "problem"]
    assert [finding.exit_code for finding in problems] == [6, 6]
    assert "missing: luigi" in problems[0].found
    assert problems[1].topic == "libx264rgb encoder"


def test_two_builds_of_opencv_are_a_problem(monkeypatch):
    class Build:
        version = "5.0"

        def __init__(self, name):
            self.name = name

    names = ["opencv-python", "opencv-contrib-python-headless", "numpy"]
    monkeypatch.setattr(software, "distributions", lambda: map(Build, names))
    finding = software.opencv()
    assert finding.state == "problem" and "opencv-python 5.0" in finding.found


@pytest.mark.parametrize(
    ("there", "state"), [(4, "ok"), (0, "ok"), (2, "warning")], ids=str
)
def test_half_a_slurm_is_worth_a_warning(monkeypatch, there, state):
    commands = software.SLURM_COMMANDS[:there]
    monkeypatch.setattr(shutil, "which", lambda name: name in commands or None)
    assert software.slurm().state == state


def test_limits_of_a_container_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "default_jobs", lambda: 8)
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    (tmp_path / "memory.max").write_text("2000000000\n")
    processors, memory = machine.processors(tmp_path), machine.memory(tmp_path)
    assert "8, but a limit grants 2.5" in processors.found
    assert "--jobs 2" in processors.advice
    assert memory.found == "2.0 GB" and memory.state == "warning"


def test_no_limit_is_no_limit(tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.processors(tmp_path).state == "ok"
    assert machine.memory(tmp_path) == machine.memory(tmp_path / "nowhere")


def test_a_folder_that_may_not_be_written_is_a_problem(bound_folder):
    closed = bound_folder / "closed"
    closed.mkdir(mode=0o555)
    finding = machine.disk("work folder", closed / "work", "go elsewhere")
    assert (finding.state, finding.exit_code) == ("problem", 1)
    assert str(closed) in finding.advice and "go elsewhere" in finding.advice


def test_weights_are_looked_for_and_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path))
    rgb, flow = software.weights("rgb"), software.weights("flow")
    assert (rgb.state, rgb.exit_code, flow.state) == ("problem", 7, "warning")
    assert "soda download" in rgb.advice and not list(tmp_path.iterdir())
    (tmp_path / "i3d-rgb.safetensors").write_text("a page that says: not found")
    broken = software.weights("rgb")
    assert broken.exit_code == 7 and "expected safetensors" in broken.found


def test_weights_that_are_there_say_their_hash():
    if not Path(default_cache(), "i3d-rgb.safetensors").exists():
        pytest.skip("the weights were not fetched")
    finding = software.weights("rgb")
    assert finding.state == "ok" and "sha256" in finding.found
