import sys

import pytest

from pipeline.progress import Progress, duration_text


def test_the_first_line_says_what_was_done_before(capsys):
    Progress("flow", 5, [1.0, 2.0]).announce()
    assert capsys.readouterr().err == "flow: 5 videos, done before: 3, to do: 2\n"


def test_the_share_follows_the_weight_not_the_number():
    progress = Progress("flow", 2, [1.0, 9.0])
    progress.update(1.0)
    assert progress.fraction == pytest.approx(0.1)
    assert "10%" in progress.line() and "ETA" in progress.line()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_gets_a_bar(capsys, monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    with Progress("flow", 1, [1.0]) as progress:
        progress.update(0.5)
    said = capsys.readouterr().err
    assert ("\x1b" in said and "#" in said) == is_terminal
    assert ("\r" in said) == is_terminal


def test_nothing_to_do_is_said_once(capsys):
    with Progress("flow", 3, []):
        pass
    assert capsys.readouterr().err == "flow: 3 videos, done before: 3, to do: 0\n"


def test_durations_beyond_a_day_are_hours():
    assert duration_text(100_000) == "27:46:40"
