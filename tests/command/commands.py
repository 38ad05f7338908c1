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
from select import select
from typing import IO, Any

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
        code = Command(words, cwd, environ, out, error).wait()
        for file in (out, error):
            file.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), error.read())


def start_command(name: str, *arguments: str, cwd: Path, log: IO[bytes]) -> "Command":
    """Run an installed command, the leader of its process group, beside the test."""
    words = [command(name), *map(str, arguments)]
    return Command(words, cwd, dict(os.environ), log, log, is_leader=True)


def must_be_started() -> bool:
    """Return whether Python itself has to see this process's user or environment."""
    return os.geteuid() != os.getuid() or read_early(os.environ) != read_early(ENVIRON)


def read_early(environ: Mapping[str, str]) -> dict[str, str]:
    """What Python and its libraries read of an environment as they start."""
    return {k: v for k, v in environ.items() if k.startswith(("PYTHON", "OMP_"))}


ENVIRON = dict(os.environ)  # before any test changes it


class Command:
    """A command in a fork of `command_server`, with as much of Popen as tests need."""

    def __init__(
        self,
        words: list[str],
        cwd: Path,
        environ: dict[str, str],
        out: IO[Any],
        error: IO[Any],
        is_leader: bool = False,
    ) -> None:
        """Begin it."""
        self.words = words
        self.returncode: int | None = None
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.connect(server())
        request = {"words": words, "cwd": str(cwd), "environ": environ}
        content = json.dumps({**request, "is_leader": is_leader}).encode()
        with Path(os.devnull).open() as nothing:
            files = [file.fileno() for file in (nothing, out, error)]
            socket.send_fds(self.connection, [content], files)
        self.pid = int(self.connection.recv(100))

    def poll(self, seconds: float = 0) -> int | None:
        """Return the exit code if the command ends within some seconds."""
        if self.returncode is None and select([self.connection], [], [], seconds)[0]:
            self.returncode = int(self.connection.recv(100))
            self.connection.close()
        return self.returncode

    def wait(self, timeout: float = TIMEOUT_SECONDS) -> int:
        """Return the exit code; kill a command that takes longer."""
        code = self.poll(timeout)
        if code is None:
            os.kill(self.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(self.words, timeout)
        return code


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
