"""Which videos and classes are annotated."""

from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from pipeline.annotation.playable import frame_times
from pipeline.annotation.sources import dataset_to_annotate
from pipeline.datasets.spelling import parse_classes
from pipeline.errors import InputNotFoundError, UnreadableVideoError, UsageError
from pipeline.video.decoding import SourceFrames
from pipeline.video.source import open_video
from tests.dataset_maker import make_dataset
from tests.video_maker import numbered_pictures, write_sound, write_video


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def ids(*sources: Path, classes: str | None = None, subset: str = "train") -> list[str]:
    dataset = dataset_to_annotate(sources, classes, subset)
    return [video.id for video in dataset.videos]


def test_sub_folders_are_classes_and_ids_are_those_of_soda_init(tmp_path: Path) -> None:
    touch(tmp_path, "pour/1.mp4", "stir/1.mp4", "background/2.mp4", "clicks.json")
    dataset = dataset_to_annotate([tmp_path], None, "train")
    assert dataset.classes == ("pour", "stir")
    assert [v.id for v in dataset.videos] == ["background_2", "pour_1", "stir_1"]
    assert dataset_to_annotate([tmp_path], "a,b", "train").classes == ("a", "b")


def test_files_and_folders_mix(tmp_path: Path) -> None:
    touch(tmp_path, "x/1.mp4", "y/1.mp4", "z.mp4")
    assert ids(tmp_path / "x", tmp_path / "z.mp4", classes="a") == ["x_1", "z"]
    assert ids(tmp_path / "y" / "1.mp4", classes="a") == ["1"]


def test_a_manifest_has_its_own_classes_and_subsets(tmp_path: Path) -> None:
    manifest = make_dataset(tmp_path, train=2, test=1)
    assert ids(manifest) == ["train 0", "train 1"]
    assert ids(manifest, subset="test") == ["test 2"]
    assert len(ids(manifest, subset="all")) == 3
    with pytest.raises(UsageError, match="has its own classes"):
        ids(manifest, classes="a")


def test_test_folders_are_left_to_the_test(tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.mp4", "test/a/2.mp4")
    assert ids(tmp_path) == ["train_a_1"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--classes pour,stir"):
        ids(touch(tmp_path, "1.mp4"))
    with pytest.raises(InputNotFoundError, match="no such video"):
        ids(tmp_path / "nowhere", classes="a")
    with pytest.raises(UsageError, match="train, test, all"):
        ids(tmp_path, classes="a", subset="half")


def test_many_classes_come_from_a_file(tmp_path: Path) -> None:
    names = [f"class {number}, of 300" for number in range(300)]
    path = tmp_path / "classes.txt"
    path.write_text("\ufeff" + "\r\n".join(names) + "\r\n")
    assert parse_classes(str(path)) == tuple(names)


def test_more_classes_than_a_file_name_holds_are_no_file() -> None:
    names = tuple(f"class {number}" for number in range(99))
    assert parse_classes(",".join(names)) == names


@pytest.mark.parametrize("text", ["", " , ", "a,a", "a,background"])
def test_impossible_classes_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected distinct names"):
        parse_classes(text)


def starts_and_end(times: dict[str, Any]) -> list[float]:
    """The seconds at which frames appear, and the end, as a page reads them."""
    steps = [step for step, count in times["steps"] for _ in range(count)]
    ticks = accumulate(steps, initial=times["first"])
    second = Fraction(*times["time_base"])
    return [float(tick * second) - times["start_seconds"] for tick in ticks]


UNEVEN = [0, 10, 43, 83, 103, 253, 286, 300, 301, 400]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("25.mp4", {}),
        ("29.97.mp4", {"fps": Fraction(30000, 1001)}),
        ("29.97.mkv", {"fps": Fraction(30000, 1001)}),
        ("uneven.mp4", {"pts": UNEVEN, "time_base": Fraction(1, 1000)}),
        ("late.mp4", {"pts": [k + 9 for k in range(10)], "audio_seconds": 2}),
        ("late.mkv", {"pts": [k + 9 for k in range(10)]}),
        ("vp9.webm", {"codec": "libvpx-vp9"}),
    ],
)
def test_listed_frames_are_those_that_decoding_gives(
    tmp_path: Path, name: str, how: dict[str, object]
) -> None:
    pictures = numbered_pictures(10)
    path = write_video(tmp_path / name, pictures, **how)  # type: ignore[arg-type]
    with open_video(path) as source:
        starts = [float(s - source.start_seconds) for _, s, _ in SourceFrames(source)]
    times = frame_times(path)
    *found, end = starts_and_end(times)
    assert found == pytest.approx(starts, abs=1e-9)
    assert end > found[-1]
    assert sum(count for _, count in times["steps"]) == len(starts)


def test_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideoError):
        frame_times(write_sound(tmp_path / "sound.mp4"))


@pytest.mark.slow
def test_ten_hours_are_listed_without_decoding(tmp_path: Path) -> None:
    pictures = numbered_pictures(36_000, width=16, height=16)
    options = {"preset": "ultrafast"}
    path = write_video(tmp_path / "day.mp4", pictures, fps=1, options=options)
    times = frame_times(path)
    assert starts_and_end(times)[36_000:] == [36_000.0]
    assert times["steps"] == [[times["steps"][0][0], 36_000]]
