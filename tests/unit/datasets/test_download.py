import io
import json
import zipfile

import pytest

from extractors import transfer as transfer_module
from extractors.backbones import BACKBONES
from extractors.flow.raft_weights import RAFT
from extractors.sources import PIERGIAJ_FOLDER
from pipeline.datasets.class_files import ClassFiles, digest_of
from pipeline.datasets.download import download_annotations
from pipeline.datasets.published import (
    ACTIVITYNET_1_2,
    PUBLISHED,
    THUMOS14,
    PublishedDataset,
    PublishedFile,
    Release,
    count,
    published_dataset,
)
from pipeline.datasets.thumos14 import read_thumos14
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from tests.file_server import Answer, serve_files
from tests.timeline_maker import TINY, write_timeline

TEXTS = {f"{name}.txt": text.encode() for name, text in TINY.items()}
ENTRY = {"subset": "training", "annotations": [{"label": "a", "segment": [0, 1]}]}
SMALL = json.dumps({"database": {"v": ENTRY}}).encode()


def archive_of(texts, folder="annotation/"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"{folder}{name}", text)
    return buffer.getvalue()


def of_subset(suffix):
    return {name: text for name, text in TEXTS.items() if f"{suffix}." in name}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfer_module, "PAUSE_SECONDS", 0.0)
    with serve_files() as server:
        yield server


@pytest.fixture
def archives(server):
    """A dataset as THUMOS14 is published, which the server has."""
    files = []
    for suffix in ("_val", "_test"):
        texts = of_subset(suffix)
        content = ClassFiles(suffix, digest_of(texts))
        url = server.put(f"tiny{suffix}.zip", Answer(archive_of(texts)))
        name, check = f"tiny{suffix}.zip", content.check_archive
        files.append(PublishedFile(name, "a zip", (url,), check, "", content))
    return PublishedDataset("tiny", tuple(files), videos="ask for them")


@pytest.fixture
def release(server):
    """A dataset as ActivityNet is published, which two servers have."""
    content = Release(1, {"training": 1}, {"training": 1})
    urls = tuple(server.put(f"{at}.json", Answer(SMALL)) for at in ("first", "second"))
    file = PublishedFile("small.json", "a JSON file", urls, content.check, "its counts")
    return PublishedDataset("small", (file,), videos="ask for them")


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_archives_are_unpacked_so_that_they_can_be_read(archives, tmp_path):
    folder = tmp_path / "data" / "tiny"
    download_annotations(archives, folder)
    assert read_thumos14(folder) == read_thumos14(write_timeline(tmp_path / "as made"))
    assert [name for name in names(folder) if "/" not in name] == [
        "tiny_test",
        "tiny_test.zip",
        "tiny_val",
        "tiny_val.zip",
    ]


def test_what_is_there_is_verified_and_not_fetched(archives, server, tmp_path):
    download_annotations(archives, tmp_path)
    download_annotations(archives, tmp_path)
    assert len(server.requests) == 2


def test_archives_and_texts_put_there_by_hand_are_taken(archives, server, tmp_path):
    (tmp_path / "tiny_val.zip").write_bytes(archive_of(of_subset("_val")))
    (tmp_path / "mine").mkdir()
    for name, text in of_subset("_test").items():
        (tmp_path / "mine" / name).write_bytes(text.replace(b"\n", b"\r\n"))
    download_annotations(archives, tmp_path)
    assert server.requests == []
    assert len(read_thumos14(tmp_path)["test"]) == 2


def test_other_texts_that_are_there_are_named(archives, tmp_path):
    (tmp_path / "Jump_val.txt").write_text("video_validation_1 1 2\n")
    with pytest.raises(AnnotationError, match=r"found 1 such file.*move it away"):
        download_annotations(archives, tmp_path)
    assert names(tmp_path) == ["Jump_val.txt"]


def test_no_file_of_an_archive_leaves_the_folder(archives, server, tmp_path):
    folder = tmp_path / "in" / "folder"
    leading_out = archive_of(of_subset("_val"), folder="../../")
    server.put("tiny_val.zip", Answer(leading_out))
    download_annotations(archives, folder)
    assert names(tmp_path / "in") == ["folder", *(f"folder/{n}" for n in names(folder))]
    assert (folder / "tiny_val" / "Jump_val.txt").exists()


def test_an_archive_with_other_texts_is_refused(archives, server, tmp_path):
    evil = archive_of(of_subset("_val") | {"../Evil_val.txt": b"video 1 2\n"})
    server.put("tiny_val.zip", Answer(evil))
    with pytest.raises(InputNotFoundError, match="expected the published class files"):
        download_annotations(archives, tmp_path / "folder")
    assert names(tmp_path) == ["folder", "folder/.tiny_val.zip.lock"]


def test_what_macos_adds_to_an_archive_is_left_out(archives, server, tmp_path):
    added = {"__MACOSX/._Jump_val.txt": b"\0", ".DS_Store": b"\0"}
    server.put("tiny_val.zip", Answer(archive_of(of_subset("_val") | added)))
    download_annotations(archives, tmp_path)
    assert len(read_thumos14(tmp_path)["train"]) == 2


@pytest.mark.parametrize("spoil", [lambda zip: zip[:-30], lambda zip: b"text" * 99])
def test_something_else_than_an_archive_is_named(archives, server, tmp_path, spoil):
    server.put("tiny_val.zip", Answer(spoil(archive_of(of_subset("_val")))))
    with pytest.raises(InputNotFoundError, match="expected a zip archive, found"):
        download_annotations(archives, tmp_path)


def test_the_next_address_is_asked(release, server, tmp_path, capsys):
    server.put("first.json", Answer(b"<html><title>Moved</title>"))
    download_annotations(release, tmp_path)
    assert names(tmp_path) == ["small.json", "small.json.sha256"]
    assert "verified by its counts" in capsys.readouterr().err


def test_a_mirror_is_asked_instead(release, server, tmp_path):
    server.put("small.json", Answer(SMALL))
    download_annotations(release, tmp_path, mirrors=[f"{server.url}/mirror/"])
    assert [name for name, _ in server.requests] == ["small.json"]


def test_nothing_to_be_had_says_what_was_tried_and_what_to_do(
    release, server, tmp_path
):
    server.put("first.json", Answer(b"<html><title>Moved</title>"))
    server.put("second.json", Answer(SMALL[:-1]))
    with pytest.raises(InputNotFoundError) as caught:
        download_annotations(release, tmp_path)
    message, path = str(caught.value), tmp_path / "small.json"
    first, second = release.files[0].urls
    assert f"{first}: expected a JSON file, found an HTML page that says" in message
    assert f"{second}: expected JSON in ActivityNet's format" in message
    assert f"download {first} on another machine, copy it to {path}," in message
    assert "set HTTPS_PROXY" in message
    assert caught.value.exit_code == 3
    assert not path.exists()


def test_a_stalling_server_is_left_for_the_next(release, server, tmp_path):
    server.put("first.json", Answer(SMALL, stop_after=5, stalls=True))
    download_annotations(release, tmp_path, silence_seconds=0.1)
    assert (tmp_path / "small.json").read_bytes() == SMALL


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"[]", "found something else"),
        (b"\xff\xfe", "found something else"),
        (b'{"database": {}}', "found 0 () videos, 0 () instances, 0 classes"),
        (SMALL.replace(b"training", b"testing"), "1 (1 testing) videos"),
    ],
)
def test_another_file_put_there_by_hand_is_named(release, tmp_path, content, found):
    path = tmp_path / "small.json"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"small\.json: expected") as caught:
        download_annotations(release, tmp_path)
    assert found in str(caught.value) and path.read_bytes() == content


def test_another_file_than_at_the_first_use_is_refused(release, server, tmp_path):
    """With the same counts, in the folder or in a new download."""
    download_annotations(release, tmp_path)
    path = tmp_path / "small.json"
    path.write_bytes(SMALL.replace(b"[0, 1]", b"[0, 2]"))
    with pytest.raises(AnnotationError, match="the content of its first use"):
        download_annotations(release, tmp_path)
    server.put("first.json", Answer(path.read_bytes()))
    path.unlink()
    download_annotations(release, tmp_path)
    assert path.read_bytes() == SMALL  # of the second address


def test_only_what_a_hash_verifies_may_come_unencrypted():
    files = [file for dataset in PUBLISHED for file in dataset.files]
    addresses = [url for file in files if not file.unpacked for url in file.urls]
    addresses += [network.url for network in (*BACKBONES.values(), RAFT)]
    addresses += [PIERGIAJ_FOLDER]
    assert [url for url in addresses if not url.startswith("https://")] == []


def test_a_folder_that_cannot_be_made_is_named(release, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="choose another with --data-dir"):
        download_annotations(release, tmp_path / "file" / "folder")


def test_a_dataset_that_is_not_published_is_answered_with_those_that_are():
    with pytest.raises(UsageError, match=r"demo: expected one of .*thumos14"):
        published_dataset("demo")
    assert all(published_dataset(dataset.name) is dataset for dataset in PUBLISHED)


def test_the_official_annotations_are_known(shared_data):
    for file in THUMOS14.files:
        assert file.unpacked.are_in(shared_data / "thumos14")
    path = shared_data / "activitynet1.2" / ACTIVITYNET_1_2.files[0].name
    ACTIVITYNET_1_2.files[0].check(path)
    assert sum(count(path).videos.values()) == 9682


def test_changed_annotations_are_not_taken_for_the_official_ones(shared_data):
    folder = shared_data / "thumos14"
    texts = {path.name: path.read_bytes() for path in folder.rglob("*_val.txt")}
    assert digest_of(texts) == THUMOS14.files[0].unpacked.digest
    texts["Diving_val.txt"] = texts["Diving_val.txt"].replace(b"1", b"2", 1)
    assert digest_of(texts) != THUMOS14.files[0].unpacked.digest
