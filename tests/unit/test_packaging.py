import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT


def environment_packages():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    start = lines.index("  - pip:")
    items = [line.strip() for line in lines[start + 1 :]]
    return [item[2:] for item in items if item.startswith("- ")]


def pins():
    """The versions that requirements.txt has of each package."""
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    versions = {}
    for line in lines:
        requirement, *hashes = line.split(" --hash=")
        assert hashes and all(re.fullmatch("sha256:[0-9a-f]{64} *", h) for h in hashes)
        found = re.fullmatch(r"([\w.-]+)==(\S+)( ;.*)?\s*", requirement)
        name, version = found.group(1, 2)
        versions.setdefault(name, []).append(version)
    return versions


def test_every_package_is_pinned_to_an_allowed_version_with_hashes():
    pyproject, pinned = tomllib.loads((ROOT / "pyproject.toml").read_text()), pins()
    project = pyproject["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for text in [*declared, *pyproject["build-system"]["requires"]]:
        requirement = Requirement(text)
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), text
    # Whose registry it is, each machine says itself.
    assert "://" not in (ROOT / "requirements.txt").read_text()


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
