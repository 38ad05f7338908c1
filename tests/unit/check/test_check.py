"""Everything that is wrong with a dataset, from one look at it."""

import json
import os
import shutil

import pytest

from pipeline.check.check import check_dataset
from pipeline.check.facts import Facts, examine, gather_facts
from pipeline.datasets import Problem
from pipeline.errors import UnreadableVideoError
from pipeline.storage import read_json, sha256_of, write_json
from tests.dataset_maker import make_dataset, square_pictures
from tests.video_maker import write_video


def segment(label, start, end):
    return {"label": label, "segment": [start, end]}


class Faulty:
    """A dataset that is well, to which a test adds what is not."""

    def __init__(self, folder):
        self.folder = folder
        self.path = make_dataset(folder, train=2, test=2)
        self.whole = folder / "train 0.mp4"
        self.content = json.loads(self.path.read_text())

    def add(self, id, subset="train", file=None, **fields):
        video = {"id": id, "path": f"{id}.mp4", "subset": subset, "labels": ["right"]}
        if isinstance(file, bytes):
            (self.folder / f"{id}.mp4").write_bytes(file)
        elif file is not None:
            write_video(self.folder / f"{id}.mp4", file)
        self.content["videos"].append({**video, **fields})

    def other_pictures(self, seed):
        # Not the dataset's own seeds, which would make the same footage.
        return square_pictures("right", range(20, 50), seed + 10)

    def check(self):
        self.path.write_text(json.dumps(self.content))
        return check_dataset(str(self.path), None, self.folder, jobs=2)


@pytest.fixture
def faulty(tmp_path):
    return Faulty(tmp_path)


def by_kind(problems):
    kinds = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem.video_id)
    return kinds


def test_a_dataset_that_is_well_has_no_problems(faulty):
    check = faulty.check()
    assert check.problems == [] and check.notes == []
    facts = check.findings[faulty.whole]
    assert isinstance(facts, Facts)
    assert (facts.codec, facts.width, facts.height) == ("h264", 96, 64)
    assert (facts.fps, facts.num_frames, facts.duration_seconds) == (25, 90, 3.6)
    assert facts.size_bytes == faulty.whole.stat().st_size
    assert check.hours == pytest.approx(4 * 3.6 / 3600)


def test_one_of_each_fault_gives_all_of_them_in_one_run(faulty):
    whole = faulty.whole.read_bytes()
    pictures = faulty.other_pictures
    faulty.content["classes"] += ["Right", "jump"]
    faulty.add("missing")
    faulty.add("empty", file=b"")
    faulty.add("text", file=b"this is no video\n" * 100)
    faulty.add("headless", file=whole[: len(whole) // 2])
    write_video(faulty.folder / "cut.mkv", pictures(2))
    cut = faulty.folder / "cut.mkv"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    faulty.add("cut", path="cut.mkv")
    faulty.add("late", file=pictures(3), segments=[segment("right", 1, 60)])
    faulty.add("click", file=pictures(4), points=[{"seconds": 9, "label": "right"}])
    faulty.add("reversed", file=pictures(5), segments=[segment("right", 3, 1)])
    faulty.add("nothing", file=pictures(6), segments=[segment("right", 2, 2)])
    faulty.add("slow", file=pictures(7), duration=7.2)
    faulty.add("unknown", file=pictures(8), labels=["left"])
    faulty.add("copy", "test", file=whole)
    faulty.add("train 1", "test", path="train 1.mp4")
    faulty.add("away", path="../away.mp4")
    faulty.add("other", file=pictures(9), sha256=64 * "0")
    loop = faulty.folder / "loop.mp4"
    loop.symlink_to(loop)
    faulty.add("loop")
    check = faulty.check()
    assert by_kind(check.problems) == {
        "one id twice": ["train 1"],
        "labels that differ by case only": [""],
        "annotation beyond the end": ["late", "click"],
        "impossible segment": ["reversed", "nothing"],
        "unknown label": ["unknown"],
        "path that leaves the folder": ["away"],
        "class without training videos": ["", ""],
        "missing video": ["missing", "away"],
        "unreadable video": ["empty", "text", "headless", "loop"],
        "last second without frames": ["cut"],
        "stated duration differs": ["slow"],
        "stated sha256 differs": ["other"],
        "train/test overlap": ["copy"],
    }


def test_what_need_not_be_mended_is_noted(faulty):
    shutil.copy(faulty.whole, faulty.folder / "unnamed.mp4")
    (faulty.folder / "notes.txt").write_text("no video")
    pts = [index * 2 + index % 2 for index in range(90)]
    path = faulty.folder / "uneven.mp4"
    write_video(path, faulty.other_pictures(2), pts=pts)
    faulty.add("uneven")
    test = [v for v in faulty.content["videos"] if v["subset"] == "test"]
    for video in test:
        video["segments"] = [segment("right", 1, 2)]
    check = faulty.check()
    assert check.problems == []
    assert by_kind(check.notes) == {
        "class without test instances": [""],
        "variable frame rate": ["uneven"],
        "training video without times": ["uneven"],
        "file that no annotation names": [""],
    }
    assert check.notes[-1].text == str(faulty.folder / "unnamed.mp4")


def test_the_real_duration_counts_and_not_the_stated_one(faulty):
    faulty.add(
        "v",
        file=faulty.other_pictures(2),
        duration=4,
        segments=[segment("right", 1, 4.8)],
    )
    (problem,) = faulty.check().problems
    assert problem.text.endswith("ends at 4.8 s, beyond the video's end at 3.6 s")


@pytest.mark.parametrize("subset", ["train", "test"])
def test_an_empty_subset_is_named(faulty, subset):
    for video in faulty.content["videos"]:
        video["subset"] = subset
    other = "test" if subset == "train" else "train"
    text = f"the {other} subset has no videos; all 4 are of the subset {subset}"
    assert faulty.check().problems == [Problem("", "empty subset", text)]


def test_one_content_within_a_subset_is_told_apart_from_an_overlap(faulty):
    faulty.add("copy", file=faulty.whole.read_bytes())
    assert by_kind(faulty.check().problems) == {"duplicate content": ["copy"]}


def test_content_as_stated_is_no_problem(faulty):
    faulty.content["videos"][0]["sha256"] = sha256_of(faulty.whole)
    assert faulty.check().problems == []


def test_names_of_any_script_and_length_are_read(faulty):
    faulty.add("größe 測試 🎬", file=faulty.other_pictures(2))
    faulty.add("é" * 120, file=faulty.other_pictures(3))
    faulty.add("x" * 999, path="größe 測試 🎬.mp4")
    assert by_kind(faulty.check().problems) == {"duplicate content": ["x" * 999]}


def test_names_that_no_file_can_have_are_refused_alone(faulty, tmp_path):
    faulty.add("half", path="\ud800.mp4")
    faulty.add("nul", path="\0.mp4")
    faulty.add("\udce9chec", path="train 0.mp4")
    faulty.add("long", path="x" * 999)
    check = faulty.check()
    assert by_kind(check.problems) == {
        "impossible name": ["half", "nul", "\udce9chec", "long"],
        "unreadable video": ["half", "nul", "long"],
        "duplicate content": ["\udce9chec"],
    }
    write_json(tmp_path / "check.json", check.to_json())
    assert read_json(tmp_path / "check.json") == check.to_json()


def test_ids_that_look_the_same_are_refused(faulty):
    pictures = faulty.other_pictures
    faulty.add("vid\u00e9o", file=pictures(2))
    faulty.add("vide\u0301o", file=pictures(3))
    (problem,) = faulty.check().problems
    assert problem.kind == "one id in two Unicode forms"
    assert r"'vid\xe9o' and 'vide\u0301o' look the same" in problem.text.replace(
        r"'vide\u0301o' and 'vid\xe9o'", r"'vid\xe9o' and 'vide\u0301o'"
    )


def test_files_that_may_not_be_read_are_named(bound_folder):
    path = Faulty(bound_folder).whole
    path.chmod(0)
    with pytest.raises(UnreadableVideoError, match=r"train 0\.mp4.*Permission denied"):
        examine([path], bound_folder / "facts.json", hashed=False)


def test_a_video_that_kills_its_worker_is_that_videos_problem(
    faulty, tmp_path, monkeypatch
):
    """A worker in which reading one file ends in a segmentation fault."""
    code = """
import os, signal, sys

def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("poison.mp4"):
        os.kill(os.getpid(), signal.SIGSEGV)

sys.addaudithook(hook)
"""
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    faulty.add("poison", file=faulty.other_pictures(2), sha256=64 * "0")
    check = faulty.check()
    (problem,) = check.problems
    assert (problem.video_id, problem.kind) == (
        "poison",
        "video that crashes the decoder",
    )
    assert "2 workers crashed" in problem.text
    assert isinstance(check.findings[faulty.whole], Facts)


def test_a_file_of_two_videos_is_looked_at_once(tmp_path, capfd):
    path = make_dataset(tmp_path, train=1, test=0).parent / "train 0.mp4"
    assert list(gather_facts([path, path], 1, "check")) == [path]
    assert "check: 1 video," in capfd.readouterr().err


def test_the_result_can_be_written_as_json(faulty):
    faulty.add("missing")
    content = json.loads(json.dumps(faulty.check().to_json()))
    (problem,) = content["problems"]
    assert problem["file"] == str(faulty.folder / "missing.mp4")
    facts = {video["id"]: video["facts"] for video in content["videos"]}
    assert facts["missing"] is None and facts["train 0"]["codec"] == "h264"


def test_a_pause_and_a_clock_that_jumps_are_noted_apart(faulty):
    pts = [*range(60), *range(1560, 1590)]
    write_video(faulty.folder / "pause.ts", faulty.other_pictures(2), pts=pts)
    write_video(faulty.folder / "twice.ts", faulty.other_pictures(3))
    twice = faulty.folder / "twice.ts"
    twice.write_bytes(2 * twice.read_bytes())
    for name in ("pause", "twice"):
        points = [{"seconds": 1, "label": "right"}]
        faulty.add(name, path=f"{name}.ts", points=points)
    check = faulty.check()
    assert check.problems == []
    assert by_kind(check.notes) == {
        "variable frame rate": ["pause"],
        "pause in the recording": ["pause"],
        "clock that jumps": ["twice"],
    }
    assert "no frame comes for 60.0 s from 2.4 s on" in check.notes[1].text


def test_what_is_no_file_is_that_videos_problem(faulty):
    os.mkfifo(faulty.folder / "pipe.mp4")
    faulty.add("pipe")
    (problem,) = faulty.check().problems
    assert (problem.video_id, problem.kind) == ("pipe", "unreadable video")
