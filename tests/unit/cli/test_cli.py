"""What all commands of `soda` have in common."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from extractors.errors import WeightsError
from pipeline import errors
from pipeline.cli.lazy import load
from pipeline.cli.main import Soda, main
from pipeline.inference import batch
from pipeline.progress import heed_signals
from pipeline.run import command_line

NAMES = [entry.name for entry in Soda.entries]


def commands(entry):
    """A command, or those of a group."""
    loaded = load(entry)
    return list(getattr(loaded, "commands", {"": loaded}).values())


@pytest.mark.parametrize("entry", Soda.entries, ids=NAMES)
def test_every_command_has_a_help_with_an_example(entry):
    for command in commands(entry):
        assert "Example" in command.help and f"soda {entry.name}" in command.help
        for parameter in command.params:
            assert getattr(parameter, "help", "")


@pytest.mark.parametrize("entry", Soda.entries, ids=NAMES)
def test_a_command_is_listed_with_the_first_sentence_of_its_help(entry):
    assert load(entry).help.splitlines()[0] == entry.help


def test_files_whose_names_begin_with_a_dash_are_files(monkeypatch, tmp_path):
    """As `soda detect *` passes them."""
    seen = []
    nothing = SimpleNamespace(detections={}, failed={})
    search = lambda videos, *rest: seen.extend(videos) or nothing  # noqa: E731
    monkeypatch.setattr(batch, "search_videos", search)
    monkeypatch.chdir(tmp_path)
    for name in ("-abc.mp4", "--model", "plain.mp4"):
        Path(name).touch()
    Path("-folder").mkdir()
    words = [*sorted(os.listdir()), "--top", "3", "--output", "-o"]
    main(["detect", "--model=x", *words], standalone_mode=False)
    assert sorted(map(str, seen)) == sorted(os.listdir())


def test_an_option_that_no_file_is_named_like_is_still_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["detect", "-none.mp4"])
    assert caught.value.code == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"torch", "numpy", "av"}),
        (["run", "--help"], {"torch", "numpy", "av", "luigi"}),
        (["detect", "--help"], {"torch", "numpy", "av"}),
        (["doctor", "--help"], {"torch", "numpy", "av"}),
        (["figure", "--help"], {"torch", "matplotlib"}),
        (["status"], {"torch"}),
        (["init", "."], {"torch"}),
        (["clean"], {"torch"}),
        (["check", "--help"], {"torch"}),
    ],
    ids=lambda value: str(sorted(value)),
)
def test_a_command_waits_for_no_more_than_it_needs(arguments, unwanted, tmp_path):
    program = f"""
import sys
from pipeline.cli import main
try:
    main({arguments!r})
finally:
    print(*sorted({unwanted!r} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == ""


CODES = {
    errors.SodaError: 1,
    errors.UsageError: 2,
    errors.InputNotFoundError: 3,
    errors.AnnotationError: 4,
    errors.FailedVideosError: 5,
    errors.UnreadableVideoError: 5,
    errors.TruncatedVideoError: 5,
    errors.MissingVideoError: 5,
    errors.MissingToolError: 6,
    WeightsError: 7,
    KeyboardInterrupt: 130,
}


@pytest.mark.parametrize(("error", "code"), CODES.items(), ids=str)
def test_an_error_becomes_a_sentence_and_an_exit_code(error, code, monkeypatch, capsys):
    def raise_it(entry):
        raise error("v.mp4: expected a video, found a song")

    monkeypatch.setattr("pipeline.cli.lazy.load", raise_it)
    with pytest.raises(SystemExit) as ended:
        main(["detect", "v.mp4"])
    assert ended.value.code == code
    said = capsys.readouterr().err
    if error is KeyboardInterrupt:
        assert "run the same command again to go on" in said
    else:
        assert said == "error: v.mp4: expected a video, found a song\n"


@pytest.fixture
def own_signals():
    """Handlers of signals that are put back after the test."""
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_command_as_ctrl_c_does(
    number, code, own_signals, monkeypatch, capsys
):
    monkeypatch.setattr("pipeline.cli.lazy.load", lambda _: signal.raise_signal(number))
    with pytest.raises(SystemExit) as ended:
        main(["detect", "v.mp4"])
    assert ended.value.code == 128 + number
    assert "run the same command again to go on" in capsys.readouterr().err


def test_a_signal_that_is_ignored_stays_so(own_signals):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    heed_signals()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Usage"),
        (["--help"], 0, "130  interrupted"),
        (["--help"], 0, "--install-completion"),
        (["detetc"], 2, "No such command"),
        (["detect"], 2, "Missing argument"),
        (["detect", "no.mp4"], 3, "expected a folder that TrainSODA wrote"),
        (["run", "demo", "--to", "X"], 2, "--to X: expected one of DecodeVideos"),
        (["status", "nowhere"], 3, "nowhere"),
        (["check", "none.json"], 3, "none.json: no such dataset"),
        (["init", "nowhere"], 3, "nowhere"),
        (["download", "kinetics"], 2, "kinetics"),
        (["export", "detections", "x.json", "--format", "y"], 2, "--format y"),
    ],
    ids=str,
)
def test_wrong_usage_and_missing_inputs_are_told_apart(
    arguments, code, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr()
    assert ended.value.code == code and sentence in said.err + said.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("soda de", {"detect"}),
        ("soda run d", {"demo"}),
        ("soda run demo --to Tr", {"TrainSODA"}),
        ("soda detect v.mp4 --model ", {"work/a/models/1"}),
    ],
)
def test_a_shell_completes_names(words, expected, tmp_path, monkeypatch, capsys):
    (tmp_path / "work/a/models/1").mkdir(parents=True)
    (tmp_path / "work/a/models/1/model.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_SODA_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    with pytest.raises(SystemExit):
        main(prog_name="soda")
    assert set(capsys.readouterr().out.split()) == expected


def test_files_that_begin_with_a_dash_are_no_options(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("-abc.mp4", "--x.mp4", "--output"):
        (tmp_path / name).touch()
    words = ["detect", "-abc.mp4", "--x.mp4", "--output", "o", "--model", "none"]
    with pytest.raises(SystemExit):
        main(words)
    assert "none: expected a model folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["detect", "-other.mp4"])
    assert "No such option" in capsys.readouterr().err


def test_the_next_command_is_one_that_can_be_typed(monkeypatch):
    typed = ["/usr/bin/soda", "run", "my data.json", "--to=TrainSODA", "--epochs", "9"]
    monkeypatch.setattr("sys.argv", typed)
    assert command_line.command_line("Evaluate", "TrainSODA") == (
        "soda run 'my data.json' --epochs 9 --to Evaluate"
    )
    assert (
        command_line.command_line("Report", "TrainSODA")
        == "soda run 'my data.json' --epochs 9"
    )
    assert command_line.typed().startswith("soda run 'my data.json' --to=TrainSODA")


def test_a_fault_of_the_program_is_not_hidden(monkeypatch):
    def fail(entry):
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.cli.lazy.load", fail)
    with pytest.raises(ZeroDivisionError):
        typer.main.get_command(main)(["status"])


def test_the_doctor_prints_json_for_programs_and_ends_with_what_is_missing(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SODA_CACHE", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    for arguments in (["doctor"], ["doctor", "--json"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == WeightsError.exit_code
    said = capsys.readouterr().out
    assert "problem  RGB weights: not found" in said and "to do: " in said
    found = {f["topic"]: f for f in json.loads(said[said.index("[\n") :])}
    assert found["RGB weights"]["exit_code"] == 7
    assert not list(tmp_path.iterdir())
