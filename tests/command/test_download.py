"""`soda download`, from a server on this machine."""

import io
import json
import subprocess
import zipfile

import pytest
from safetensors.torch import save_file

from extractors.i3d import InceptionI3d
from pipeline.datasets.published import ACTIVITYNET_1_3, THUMOS14
from tests.command.commands import command, run
from tests.file_server import Answer, serve_files

RELEASE = ACTIVITYNET_1_3.files[0]


@pytest.fixture
def server():
    with serve_files() as server:
        yield server


@pytest.fixture(scope="module")
def annotations() -> bytes:
    """As much as ActivityNet 1.3 holds; the first video has most of the instances."""
    database = {}
    for subset, videos in {"training": 10024, "validation": 4926}.items():
        instances = {"training": 15410, "validation": 7654}[subset]
        for n in range(videos):
            ones = range(n, instances, videos)
            labels = [{"label": f"{i % 200}", "segment": [0, 1]} for i in ones]
            database[f"{subset} {n}"] = {"subset": subset, "annotations": labels}
    for n in range(5044):
        database[f"testing {n}"] = {"subset": "testing", "annotations": []}
    return json.dumps({"database": database}).encode()


def download(server, *more, cwd, dataset="activitynet1.3"):
    part = ("--what", "annotations", "--mirror", server.url)
    return run("soda", "download", dataset, *part, *more, cwd=cwd)


@pytest.mark.slow
def test_annotations_arrive_where_they_are_looked_for(server, annotations, tmp_path):
    server.put(RELEASE.name, Answer(annotations, stop_after=99999), Answer(annotations))
    done = download(server, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "data" / "activitynet1.3"
    kept = [RELEASE.name, f"{RELEASE.name}.sha256"]
    assert sorted(path.name for path in folder.iterdir()) == kept
    assert (folder / RELEASE.name).read_bytes() == annotations
    assert "trying again" in done.stderr
    assert "the hash of its first use: 19,994 (10,024 training, " in done.stderr
    again = download(server, cwd=tmp_path)
    assert again.returncode == 0 and "is already there" in again.stderr
    assert len(server.requests) == 2


@pytest.mark.slow
def test_two_processes_at_once_do_no_harm(server, annotations, tmp_path):
    server.put(RELEASE.name, Answer(annotations))
    arguments = ["soda", "download", "activitynet1.3", "--what", "annotations"]
    line = [command(arguments[0]), *arguments[1:], "--mirror", server.url]
    both = [subprocess.Popen(line, cwd=tmp_path) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    folder = tmp_path / "data" / "activitynet1.3"
    assert [path.read_bytes() for path in folder.glob("*.json")] == [annotations]
    assert len(list(folder.iterdir())) == 2  # with the hash


def test_the_official_archives_are_unpacked(server, shared_data, tmp_path):
    for file in THUMOS14.files:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in (shared_data / "thumos14").rglob(
                f"*{file.unpacked.suffix}.txt"
            ):
                archive.write(path, f"annotation/{path.name}")
        server.put(file.name, Answer(buffer.getvalue()))
    done = download(server, "--data-dir", "here", cwd=tmp_path, dataset="thumos14")
    assert done.returncode == 0, done.stderr
    assert all(file.unpacked.are_in(tmp_path / "here") for file in THUMOS14.files)
    assert len(list((tmp_path / "here").rglob("*.txt"))) == 42


def test_nothing_to_be_had_ends_in_seconds_with_what_to_do(server, tmp_path):
    server.put(THUMOS14.files[0].name, Answer(b"<html><title>Log in</title>"))
    done = download(server, cwd=tmp_path, dataset="thumos14")
    assert done.returncode == 3
    assert (
        "expected a zip archive, found an HTML page that says 'Log in'" in done.stderr
    )
    url = THUMOS14.files[0].urls[0]
    assert f"download {url} on another machine, copy it to" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demo"], "demo: expected one of the published datasets, thumos14"),
        (
            ["thumos14", "--what", "videos"],
            "--what videos: expected one of annotations",
        ),
    ],
)
def test_what_is_not_to_be_had_is_named(arguments, sentence, tmp_path):
    done = run("soda", "download", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_all_there_is_to_have_and_how_to_get_the_rest(
    annotations, tmp_path, monkeypatch
):
    folder = tmp_path / "data" / "activitynet1.3"
    folder.mkdir(parents=True)
    (folder / RELEASE.name).write_bytes(annotations)
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("SODA_CACHE", str(cache))
    for stream, channels in {"rgb": 3, "flow": 2}.items():
        state = InceptionI3d(in_channels=channels).state_dict()
        save_file(state, cache / f"i3d-{stream}.safetensors")
    done = run("soda", "download", "activitynet1.3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"flow: {cache / 'i3d-flow.safetensors'}" in done.stdout
    assert "docs.google.com/forms" in done.stdout
    assert "Put them into data/activitynet1.3/videos" in done.stdout
    assert done.stdout.endswith("soda check activitynet1.3\n")


def test_weights_that_are_not_to_be_had_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    done = run("soda", "download", "thumos14", "--what", "weights", cwd=tmp_path)
    assert done.returncode == 7
    assert "check HTTPS_PROXY" in done.stdout
    assert f"put rgb_imagenet.pt into {tmp_path} yourself" in done.stdout
    assert not (tmp_path / "data").exists()
