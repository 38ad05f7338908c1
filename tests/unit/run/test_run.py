"""What a run refuses before any work."""

import pytest

from pipeline.errors import AnnotationError
from pipeline.run.config import Config
from tests.dataset_maker import entry, write_manifest
from tests.run_maker import make_run


@pytest.fixture
def scored(tmp_path):
    """Check whether a training and a test video, whose files may exist, are scored."""

    def check(*names, **test):
        entries = [
            entry(tmp_path / f"{subset} 0.mp4", subset, "right", range(5, 50))
            for subset in ("train", "test")
        ]
        entries[1] |= test
        for name in names:
            (tmp_path / f"{name}.mp4").write_bytes(b"x")
        dataset = write_manifest(tmp_path, entries)
        make_run(dataset, Config(), tmp_path / "work").check_scored()

    return check


def test_videos_with_segments_and_files_are_scored(scored):
    scored("test 0")


def test_test_videos_without_segments_are_named(scored):
    message = r"no test video has segments \('test 0'\).* with segments: 1 train;"
    with pytest.raises(AnnotationError, match=message):
        scored("test 0", segments=[])


def test_a_subset_without_videos_is_named(scored):
    with pytest.raises(AnnotationError, match=r"there is none\).* segments: 2 train;"):
        scored("train 0", subset="train")


def test_test_videos_without_files_are_named(scored):
    message = r"files of the test videos, found none of '.*test 0\.mp4'"
    with pytest.raises(AnnotationError, match=message):
        scored("train 0")
