import re
import subprocess

from pipeline.model_folder import versions


def test_packages_and_the_project_are_told():
    found = versions.versions()
    assert {"python", "torch", "soda-localizer"} <= set(found)
    assert all(re.match(r"\d+\.", found[name]) for name in ("python", "torch"))


def test_the_commit_of_a_checkout_tells_whether_its_files_differ(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    assert versions.commit() is None
    (tmp_path / "a").write_text("1")
    for words in (
        ["init", "--quiet"],
        ["add", "a"],
        ["-c", "user.name=x", "-c", "user.email=x@x.x", "commit", "--quiet", "-mx"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    clean = versions.commit()
    assert re.fullmatch("[0-9a-f]{40}", clean)
    (tmp_path / "a").write_text("2")
    assert versions.commit() == f"{clean}-dirty"
    monkeypatch.setenv("PATH", "/nowhere")
    assert versions.commit() is None
