"""Work that an annotation page waits for."""

import time

import pytest

from pipeline.annotation.background import Computation, InTheBackground
from pipeline.errors import UnreadableVideoError
from pipeline.progress import ShareDone


def finished(work: InTheBackground[str], number: int) -> Computation[str]:
    while (state := work.ask(number)).result is None and state.error is None:
        time.sleep(0.001)
    return state


def test_each_thing_is_made_once_when_it_is_asked_for() -> None:
    made = []

    def make(number: int, _: ShareDone) -> str:
        made.append(number)
        return f"thing {number}"

    work = InTheBackground(make)
    results = [finished(work, number).result for number in (2, 0, 2)]
    assert results == ["thing 2", "thing 0", "thing 2"]
    assert made == [2, 0]
    work.close()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UnreadableVideoError("v.mp4: no"), "v.mp4: no"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_what_fails_is_told(error: Exception, text: str) -> None:
    def make(number: int, progress: ShareDone) -> str:
        progress(0.5)
        raise error

    work = InTheBackground(make)
    assert finished(work, 0).waiting() == {"error": text}
    work.close()


def test_closing_breaks_off_what_is_in_the_making() -> None:
    def make(number: int, progress: ShareDone) -> str:
        for _ in range(10_000):
            progress(0.25)
            time.sleep(0.001)
        return "too late"

    work = InTheBackground(make)
    while work.ask(0).share == 0:
        time.sleep(0.001)
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 2
    assert work.ask(0).result is None
