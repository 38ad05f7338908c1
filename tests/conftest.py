"""What all tests share."""

import os
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real videos and annotations, which are not part of the project."""
    default = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("SODA_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}; set SODA_TEST_DATA")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """GPU tests need a GPU; where one is said to be, they fail without it."""
    if torch.cuda.is_available() or os.environ.get("SODA_HAS_GPU"):
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
