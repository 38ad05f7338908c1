import sys

import pytest

from pipeline import progress as module
from pipeline.progress import Progress, duration_text, told_to


def test_the_first_line_says_what_was_done_before(capsys):
    Progress("flow", 5, [1.0, 2.0]).announce()
    assert capsys.readouterr().err == "flow: 5 videos, done before: 3, to do: 2\n"


def test_the_share_follows_the_weight_not_the_number():
    progress = Progress("flow", 2, [1.0, 9.0])
    progress.update(1.0)
    assert progress.fraction == pytest.approx(0.1)
    assert "1/2   10%  ETA" in progress.line()


def test_items_are_counted_beside_their_weight():
    progress = Progress("flow", 95, [100.0] * 90)
    progress.update(4150.0, items=41)
    assert "41/90   46%" in progress.line()
    progress.update(9100.0, items=91)  # a file that was longer than it said
    assert "90/90  100%" in progress.line()


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


def test_listeners_are_told_now_and_then_and_at_the_end(monkeypatch):
    told = []
    progress = Progress("flow", 4, [1.0] * 4)
    with told_to(lambda line, share: told.append((line, share))):
        progress.update(1.0)
        assert told == []  # too early
        monkeypatch.setattr(module, "TELL_SECONDS", 0.0)
        progress.update(2.0)
        assert [share for _, share in told] == [0.5] and "2/4" in told[0][0]
        progress.update(4.0)
        progress.finish()
    assert told[-1] == ("flow: 4 videos in 00:00:00", 1.0)
    Progress("flow", 1, [1.0]).finish()
    assert len(told) == 3


def test_durations_beyond_a_day_are_hours():
    assert duration_text(100_000) == "27:46:40"
