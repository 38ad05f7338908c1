"""What becomes of a central scheduler that does not answer."""

import socket
from types import SimpleNamespace

import pytest

from pipeline.console.luigi_setup import check_scheduler
from pipeline.errors import UsageError


def settings(port, **more):
    given = {"local_scheduler": False, "scheduler_url": "", "scheduler_port": port}
    return SimpleNamespace(**(given | {"scheduler_host": "127.0.0.1"} | more))


def test_a_scheduler_that_does_not_answer_is_named_with_the_file_that_asks_for_it(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "luigi.cfg").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        port = free.getsockname()[1]
        for more in ({}, {"scheduler_url": f"http://127.0.0.1:{port}/luigi"}):
            with pytest.raises(UsageError) as caught:
                check_scheduler(settings(port, **more))
            said = str(caught.value)
            assert f"scheduler at http://127.0.0.1:{port}" in said
            assert "luigi.cfg" in said and "--local-scheduler" in said
        check_scheduler(settings(port, local_scheduler=True))


def test_a_scheduler_that_answers_is_used():
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_scheduler(settings(server.getsockname()[1]))
