"""What all commands of `soda` have in common."""

import subprocess
import sys

import pytest
import typer

from extractors.errors import WeightsError
from pipeline import command_line, errors
from pipeline.cli.lazy import load
from pipeline.cli.main import Soda, main

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
    ids=str,
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


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Usage"),
        (["--help"], 0, "130  interrupted"),
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


def test_the_next_command_is_one_that_can_be_typed(monkeypatch):
    typed = ["/usr/bin/soda", "run", "my data.json", "--to=TrainSODA", "--epochs", "9"]
    monkeypatch.setattr("sys.argv", typed)
    assert command_line.command_line("Evaluate") == (
        "soda run 'my data.json' --epochs 9 --to Evaluate"
    )
    assert command_line.command_line("Report") == "soda run 'my data.json' --epochs 9"
    assert command_line.typed().startswith("soda run 'my data.json' --to=TrainSODA")


def test_a_fault_of_the_program_is_not_hidden(monkeypatch):
    def fail(entry):
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.cli.lazy.load", fail)
    with pytest.raises(ZeroDivisionError):
        typer.main.get_command(main)(["status"])
