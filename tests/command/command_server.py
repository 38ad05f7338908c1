"""A process that has imported the slow libraries, and forks into commands.

    python command_server.py SOCKET

Half of a short command's time goes into importing PyTorch and its like. A fork of this
process has them from the start; the project's own modules it imports itself, as ever.

Each connection asks for one command: a JSON object of its words, folder and
environment, and whether it leads a process group, along with the files for its three
standard streams. The answers are its process id and, at its end, its exit code. The
server ends with its standard input.
"""

import json
import os
import runpy
import select
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

# Not `luigi.cmdline`, which keeps the words of the process that imports it.
LIBRARIES = [
    *("av", "cv2", "filelock", "h5py", "jaxtyping", "jinja2", "jsonschema_rs", "luigi"),
    *("matplotlib.backends.backend_pdf", "matplotlib.figure", "numpy", "pooch"),
    *("requests", "rich.console", "rich.progress", "safetensors.torch", "torch"),
    "torch._dynamo",  # which the first optimizer imports, with all of SymPy
    *("torch.utils.tensorboard", "torchvision", "typer"),
]
LONGEST = 1 << 20  # bytes of a request


def serve(path: str) -> tuple[dict[str, Any], list[int]]:
    """Serve until the end of standard input; return, in each command, its request."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(f"{path}.new")
        server.listen()
        Path(f"{path}.new").rename(path)  # from now on a client can connect
        for name in LIBRARIES:
            with suppress(ImportError):
                import_module(name)
        while True:
            ready, _, _ = select.select([server, sys.stdin], [], [])
            if sys.stdin in ready:
                os._exit(0)
            connection, _ = server.accept()
            with connection:
                if os.fork() == 0:
                    server.close()
                    return attend(connection)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def attend(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Start a command, in which this returns, and tell of it until its end."""
    message, files, _, _ = socket.recv_fds(connection, LONGEST, 3)
    pid = os.fork()
    if pid == 0:
        return json.loads(message), files
    connection.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(request: dict[str, Any], files: list[int]) -> None:
    """Run a command in this process: a script, or a module after `-m`."""
    for stream, file in enumerate(files):
        os.dup2(file, stream)
        os.close(file)
    if request["is_leader"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    script, *arguments = request["words"]
    if script == "-m":
        sys.argv, sys.path[0] = arguments, request["cwd"]
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = [script, *arguments], os.path.dirname(script)  # noqa: PTH120
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    become(*serve(sys.argv[1]))
