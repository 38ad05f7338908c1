"""Running the real commands, as a user would."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

# Motion alone, without any network: an end-to-end run takes seconds.
QUICK = [
    *("--streams", "flow", "--flow-features", "hof", "--flow", "farneback"),
    *("--short-side", "64", "--cells", "16", "--hidden", "32", "--epochs", "40"),
    *("--learning-rate", "0.002"),
    *("--jobs", "1"),  # a second worker would start longer than it would work
]

TIMEOUT_SECONDS = 300


def command(name: str) -> str:
    """The path of an installed command."""
    return str(Path(sys.executable).parent / name)


def luigi(task: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """`luigi --module tasks TASK ...` from some folder."""
    return run("luigi", "--module", "tasks", task, *map(str, arguments), cwd=cwd)


def run(name: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run an installed command to its end."""
    return finish([command(name), *map(str, arguments)], cwd)


def run_module(
    name: str, *arguments: str, cwd: Path
) -> "subprocess.CompletedProcess[str]":
    """`python -m NAME ...`, run to its end."""
    return finish(["-m", name, *map(str, arguments)], cwd)


def finish(words: list[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script, or after `-m` a module, to its end."""
    environ = os.environ | {"COLUMNS": "120"}
    if must_be_started():
        python = [sys.executable] if words[0] == "-m" else []
        return subprocess.run(
            [*python, *words],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env=environ,
        )
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        code = fork(words, cwd, environ, out, error)
        for file in (out, error):
            file.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), error.read())


def must_be_started() -> bool:
    """Return whether Python itself has to see this process's user or environment."""
    return os.geteuid() != os.getuid() or read_early(os.environ) != read_early(ENVIRON)


def read_early(environ: Mapping[str, str]) -> dict[str, str]:
    """What Python and its libraries read of an environment as they start."""
    return {k: v for k, v in environ.items() if k.startswith(("PYTHON", "OMP_"))}


ENVIRON = dict(os.environ)  # before any test changes it


def fork(
    words: list[str], cwd: Path, environ: dict[str, str], out: IO[str], error: IO[str]
) -> int:
    """Run a command to its end in a fork of `command_server`; return its exit code."""
    request = {"words": words, "cwd": str(cwd), "environ": environ}
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
        Path(os.devnull).open() as nothing,
    ):
        connection.connect(server())
        files = [file.fileno() for file in (nothing, out, error)]
        socket.send_fds(connection, [json.dumps(request).encode()], files)
        pid = int(connection.recv(100))
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            return int(connection.recv(100))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, TIMEOUT_SECONDS) from None


@cache
def server() -> str:
    """The socket of this process's server of commands, which its first use starts."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "socket"
    program = Path(__file__).with_name("command_server.py")
    process = subprocess.Popen(
        [sys.executable, str(program), str(path)], stdin=subprocess.PIPE, env=ENVIRON
    )

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    while not path.exists():
        assert process.poll() is None, "the server of commands did not start"
        time.sleep(0.01)
    return str(path)
