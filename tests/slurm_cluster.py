"""A real Slurm of this machine: its daemons in a temporary folder, on free ports.

Several nodes are several slurmd's of one machine. Nothing of the system's own Slurm or
munge is used or disturbed, and nothing is left behind.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
# Debian keeps the daemons where only root's PATH leads.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
CPUS = 2  # of each node, whatever this machine has
DEVICES = ("/dev/null", "/dev/zero")  # to Slurm any device will do for a GPU


class SlurmCluster:
    """A running cluster; `environ` is what its commands need."""

    def __init__(
        self, folder: Path, nodes: int, max_array_size: int, gpus: int
    ) -> None:
        self.folder, self.gpus = folder, gpus
        self.nodes = [f"n{index}" for index in range(nodes)]
        self.environ = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": PATH}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._write_configuration(max_array_size)

    def _write_configuration(self, max_array_size: int) -> None:
        host, user = socket.gethostname().partition(".")[0], current_user()
        port, *ports = free_ports(1 + len(self.nodes))
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
            f"CPUs={CPUS} RealMemory=2000 Gres=gpu:{self.gpus} State=UNKNOWN"
            for name, port in zip(self.nodes, ports, strict=True)
        )
        # A message to a dead node is repeated, before the node counts as dead.
        message_timeout = 10 if len(self.nodes) == 1 else 4
        for name in ("state", "log", *(f"spool/{node}" for node in self.nodes)):
            (self.folder / name).mkdir(parents=True)
        devices = [f"Name=gpu File={device}\n" for device in DEVICES[: self.gpus]]
        (self.folder / "gres.conf").write_text("".join(devices))
        (self.folder / "slurm.conf").write_text(f"""
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool/%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.%n.pid
SlurmctldLogFile={self.folder}/log/slurmctld.log
SlurmdLogFile={self.folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
GresTypes=gpu
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1
MaxArraySize={max_array_size}
MinJobAge=60
KillWait=1
OverTimeLimit=0
ReturnToService=2
SlurmdTimeout=5
MessageTimeout={message_timeout}
RebootProgram=/bin/true
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")

    def start(self, name: str, *command: str | Path) -> None:
        """Start a daemon that stays our child."""
        with (self.folder / "log" / f"{name}.out").open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environ | {"DAEMON": name},
            )

    def start_all(self) -> None:
        """Start everything and wait until the nodes are ready."""
        key, place = self.folder / "munge.key", f"{self.folder}/munge"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        self.start(
            "munged",
            *("munged", "--foreground", "--force", f"--key-file={key}"),
            *(f"--socket={place}.socket", f"--pid-file={place}.pid"),
            *(f"--log-file={place}.log", f"--seed-file={place}.seed"),
        )
        wait_until((self.folder / "munge.socket").exists)
        self.start("slurmctld", "slurmctld", "-D", "-c")
        for node in self.nodes:
            self.start(node, "slurmd", "-D", "-N", node)
        wait_until(lambda: self.idle_nodes() == len(self.nodes))

    def idle_nodes(self) -> int:
        """How many nodes have nothing to do."""
        states = self.run("sinfo", "-h", "-N", "-o", "%T", check=False).split()
        return states.count("idle")

    def run(self, *command: str, check: bool = True) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(
            command,
            check=check,
            capture_output=True,
            text=True,
            timeout=20,
            env=os.environ | self.environ,
        ).stdout

    def kill_node(self, node: str) -> None:
        """End a node as a loss of power would: nothing of it has time to report."""
        for mark in (f"DAEMON={node}", f"SLURMD_NODENAME={node}"):
            self._kill(mark)
        self.daemons[node].wait()

    def _kill(self, mark: str = "") -> None:
        """End our processes with a text in their environment."""
        for pid in processes_with(mark, self.environ):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the jobs, then the daemons, then whatever is left of either."""
        with suppress(subprocess.TimeoutExpired):
            self.run("scancel", "--user", current_user(), check=False)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._kill()


def processes_with(text: str, environ: dict[str, str]) -> Iterator[int]:
    """Processes, but for this one, with the cluster's environment and a text in it."""
    own = f"SLURM_CONF={environ['SLURM_CONF']}\0".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if own in content and text.encode() in content and pid != os.getpid():
            yield pid


def current_user() -> str:
    """Who runs this."""
    return subprocess.check_output(["id", "-un"], text=True).strip()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that is sure to come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@contextmanager
def slurm_cluster(
    folder: Path, nodes: int = 1, max_array_size: int = 1001, gpus: int = 0
) -> Iterator[SlurmCluster]:
    """A cluster for as long as the block runs; skips the test where none can be."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if missing:
        pytest.skip(f"no {', '.join(missing)}; install slurm-wlm and munge")
    cluster = SlurmCluster(folder, nodes, max_array_size, gpus)
    try:
        cluster.start_all()
        yield cluster
    finally:
        cluster.stop()
