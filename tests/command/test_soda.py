"""`soda` on files of other people's making."""

import json

import pytest

from pipeline.storage import read_json
from tests.command.commands import run
from tests.dataset_maker import entry, write_manifest


def evaluate(folder, *more, cwd):
    truth = folder / "autoloc_thumos14_ground_truth.json"
    found = folder / "autoloc_thumos14_detections.json"
    return run(
        *("soda", "evaluate", "--ground-truth", truth, "--detections", found),
        *more,
        cwd=cwd,
    )


def test_published_figures_come_out_of_the_command(shared_data, tmp_path):
    done = evaluate(
        shared_data / "evaluation",
        *("--tiou", "0.1:0.9:0.1", "--subset", "test", "--json", "out.json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    figures = read_json(tmp_path / "out.json")
    published = [46.7, 41.7, 35.8, 29.0, 21.2, 13.4, 5.8, 1.6, 0.2]
    assert list(figures["map"].values()) == pytest.approx(published, abs=0.05)
    assert "210 of 210 test videos" in done.stdout
    assert "3 videos with detections are not in" in done.stderr
    assert "false positives" in done.stderr


TRUTH = {
    "v": {
        "subset": "test",
        "duration": 60,
        "annotations": [
            {"label": "a", "segment": [0, 10]},
            {"label": "a", "segment": [20, 30]},
            {"label": "Ambiguous", "segment": [40, 50]},
        ],
    }
}


HEAD = "video_id,label,start_seconds,end_seconds,score"


@pytest.fixture
def score(tmp_path):
    """Run `soda evaluate` on detections, given as (label, score, segment)."""

    def run_on(detections, *more):
        results = [
            dict(zip(("label", "score", "segment"), d, strict=True)) for d in detections
        ]
        (tmp_path / "gt.json").write_text(json.dumps({"database": TRUTH}))
        (tmp_path / "d.json").write_text(json.dumps({"results": {"v": results}}))
        files = ("--ground-truth", "gt.json", "--detections", "d.json")
        return run("soda", "evaluate", *files, *more, cwd=tmp_path)

    return run_on


def test_the_kits_rule_is_chosen_and_named(score, tmp_path):
    found = [("a", 0.9, [40, 50]), ("a", 0.5, [0, 10])]
    done = score(found, "--evaluator", "thumos", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert "thumos rule, 1 of 1 test video" in done.stdout
    assert "plain average precision" in done.stdout
    figures = read_json(tmp_path / "out.json")
    assert (figures["evaluator"], figures["ap"]) == ("thumos", "plain")
    assert figures["map"]["0.5"] == 50.0
    assert "diagnosis" not in figures and figures["bootstrap"] is None


def test_errors_are_told_apart(score, tmp_path):
    found = [("a", 0.9, [0, 30]), ("a", 0.5, [0, 10])]
    done = score(found, "--diagnose", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    for word in ("False positive profile", "Recall", "XL", "Localization", "joint"):
        assert word in done.stdout
    diagnosis = read_json(tmp_path / "out.json")["diagnosis"]
    assert diagnosis["localization"]["joint"] == 2
    assert diagnosis["false_positives"]["1G"]["localization"] == 1
    assert diagnosis["recall"]["coverage"]["XL"] == {"found": 1, "of": 2}


def test_intervals_are_drawn_when_asked_for(score, tmp_path):
    done = score([("a", 0.5, [0, 10])], "--bootstrap", "100", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert "95 % from" in done.stdout
    assert read_json(tmp_path / "out.json")["bootstrap"]["low"]["0.5"] == 50.0


def test_odd_detections_are_counted(score):
    found = [("b", 0.5, [0, 1]), ("a", 0.5, [3, 3]), ("a", 0.5, [-1, 10])]
    done = score(found)
    assert done.returncode == 0, done.stderr
    assert "ignored: 1 detection of classes that are not in the" in done.stderr
    assert "1 detection has no length" in done.stderr
    assert "1 detection starts before 0 s" in done.stderr


@pytest.mark.parametrize(
    ("rows", "encoding", "code", "sentence"),
    [
        ([HEAD, "v_v.mp4,a,0,10,1"], "utf-16", 0, ""),
        ([], "utf-8", 4, "found an empty file"),
        (["video-id,t-start,t-end,label,score"], "utf-8", 4, "found video-id,t-start"),
        ([HEAD, "w,a,0,10,1"], "utf-8", 4, "'v', found them in others: 'w'"),
    ],
)
def test_tables_are_matched_by_id_or_refused(tmp_path, rows, encoding, code, sentence):
    (tmp_path / "gt.json").write_text(json.dumps({"database": TRUTH}))
    (tmp_path / "d.csv").write_bytes("\n".join(rows).encode(encoding))
    files = ("--ground-truth", "gt.json", "--detections", "d.csv")
    done = run("soda", "evaluate", *files, "--subset", "Testing", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert code or "1 of 1 Testing video" in done.stdout


@pytest.mark.parametrize(
    ("found", "arguments", "code", "sentence"),
    [
        (("a", float("nan"), [0, 1]), [], 4, "detections of v: expected a score that"),
        (("a", float("inf"), [0, 1]), [], 4, "finite number and seconds"),
        ((None, 0.5, [0, 1]), [], 4, "$.results.v[0].label: expected a label"),
        (("a", 0.5, [0, 1]), ["--subset", "val"], 4, "no such subset; choose another"),
        (("a", 0.5, [1, 0]), [], 4, "seconds with start <= end, found score 0.5"),
        (("a", 0.5, [0, 1]), ["--evaluator", "x"], 2, "one of activitynet, thumos"),
        (("a", 0.5, [0, 1]), ["--ap", "x"], 2, "--ap x: expected one of auto"),
        (("a", 0.5, [0, 1]), ["--tiou", "2"], 2, "must be in (0, 1]"),
        (("a", 0.5, [0, 1]), ["--bootstrap", "7"], 2, "0 or at least 100"),
        (("a", 0.5, [0, 1]), ["--thumos14-list", "9"], 2, "one of 213, 212, 210"),
    ],
)
def test_bad_detections_and_parameters_are_named(
    score, found, arguments, code, sentence
):
    done = score([found], *arguments)
    assert done.returncode == code
    assert sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["detect", "--help"]])
def test_help_teaches(arguments, tmp_path):
    done = run("soda", *arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert "soda" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--to", "DecodeVideos"], 30, "1 of 1 video failed"),
        (
            ["--to", "Evaluate", "--dry-run", "--frame-loss", "none"],
            0,
            "to do it: soda run d/dataset.json",
        ),
        (["--no-such-flag", "3"], 2, "--no-such-flag: no such flag; --help-all"),
        (["--epoks", "3"], 2, "--epoks: no such flag; did you mean --epochs?"),
        (
            ["--to", "DecodeVideos", "--streams", "rgb"],
            2,
            "--streams: not a flag of DecodeVideos, but of ExtractFeatures,",
        ),
        (["--epochs", "many"], 2, "--epochs many: expected a whole number"),
        (["--help-all"], 0, "--background-label"),
    ],
    ids=str,
)
def test_a_run_takes_the_flags_and_gives_the_codes_of_its_task(
    arguments, code, sentence, tmp_path
):
    video = tmp_path / "d" / "v.mp4"
    video.parent.mkdir()
    video.write_text("no video")
    write_manifest(video.parent, [entry(video, "test", "right", range(5, 20))])
    done = run("soda", "run", "d/dataset.json", *arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_any_detections_become_pages(tmp_path):
    found = {"label": "a", "score": 0.5, "segment": [1, 9]}
    (tmp_path / "d.json").write_text(json.dumps({"results": {"v": [found]}}))
    (tmp_path / "gt.json").write_text(json.dumps({"database": TRUTH}))
    more = ("--ground-truth", "gt.json", "--output", "pages")
    done = run("soda", "report", "d.json", *more, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "report: pages/index.html\n")
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert "soda report d.json --ground-truth gt.json" in index
    assert (tmp_path / "pages" / "videos" / "v.html").exists()


def test_pages_of_nothing_are_refused(tmp_path):
    done = run("soda", "report", "d.json", "--output", "pages", cwd=tmp_path)
    assert done.returncode == 3
    assert "d.json: expected detections" in done.stderr
