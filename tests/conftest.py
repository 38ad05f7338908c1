"""What all tests share."""

import http.server
import os
import random
import signal
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from tests.finished import Finished, finished_run

# A shell's background jobs, and what they start, ignore Ctrl-C, which tests send.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run. SODA_EXPLORE=1 draws others, and more of them.
# There is no deadline, since an example's time depends on how busy the machine is.
settings.register_profile(
    "same",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.register_profile(
    "explore",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=1000,
    print_blob=True,
)
settings.load_profile("explore" if os.environ.get("SODA_EXPLORE") else "same")

ROOT = Path(__file__).parent.parent
NOBODY = 65534


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real videos and annotations, which are not part of the project."""
    default = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("SODA_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}; set SODA_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A finished run on the tiny dataset, one for all processes; tests copy it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return finished_run(folder / "finished")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """On a busy machine, threads that wait for each other take 30 times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def bound_folder() -> Iterator[Path]:
    """A folder of a user whom file permissions bind, as they do not bind root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def server(tmp_path) -> Iterator[str]:
    """A web server on this machine; yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def seed_all() -> None:
    """Seed the generators that a draw without one of its own takes from."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Seed before the fixtures, also those of a module, which its first test makes."""
    seed_all()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Seed again, so that a test draws the same whether it made its fixtures or not."""
    seed_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """GPU tests need a GPU; where one is said to be, they fail without it."""
    if torch.cuda.is_available() or os.environ.get("SODA_HAS_GPU"):
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
