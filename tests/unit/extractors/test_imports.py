"""PyTorch takes seconds to import; what needs no tensors does without it."""

import subprocess
import sys

import pytest
from safetensors.torch import save_file

from extractors.i3d import InceptionI3d

TORCH_FREE = (
    "import extractors.atomic, extractors.backbones, extractors.errors",
    "import extractors.flow, extractors.flow.raft_weights, extractors.i3d_shapes",
    "import extractors.precision, extractors.published, extractors.published_files",
    "import extractors.shapes, extractors.sources, extractors.transfer",
    "import extractors.weights",
)


def assert_needs_no_torch(*lines):
    program = "\n".join([*lines, "import sys", "print('torch' in sys.modules)"])
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("line", TORCH_FREE)
def test_tables_and_files_need_no_torch(line):
    assert_needs_no_torch(line)


def test_cached_weights_are_checked_without_torch(tmp_path):
    path = tmp_path / "i3d-rgb.safetensors"
    save_file(InceptionI3d(in_channels=3).state_dict(), path)
    assert_needs_no_torch(
        "from pathlib import Path",
        "from extractors.weights import cached_weights, find_weights",
        f"assert cached_weights('rgb', Path({str(tmp_path)!r}))",
        f"assert find_weights('rgb', cache=Path({str(tmp_path)!r}))",
        f"assert find_weights('rgb', local=Path({str(path)!r}))",
    )
