import tomllib

from tests.conftest import ROOT


def environment_packages():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    start = lines.index("  - pip:")
    items = [line.strip() for line in lines[start + 1 :]]
    return [item[2:] for item in items if item.startswith("- ")]


def test_environment_and_pyproject_name_the_same_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]
    listed = environment_packages()
    assert listed[-1] == "--editable ."
    assert sorted(listed[:-1]) == sorted(declared)


def test_the_environment_has_the_python_of_the_makefile():
    environment = (ROOT / "environment.yml").read_text()
    makefile = (ROOT / "Makefile").read_text()
    assert "python=3.11" in environment and "PYTHON ?= python3.11" in makefile
    assert "ffmpeg" not in environment.replace("FFmpeg", "")
