"""Every draw of the tests and of the product comes from a seed."""

import ast
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import ROOT

FOLDERS = ("tests", "pipeline", "extractors", "models", "benchmarks")
# Without arguments, these take their seed from the system.
GENERATORS = {"default_rng", "RandomState", "Random", "SystemRandom", "SeedSequence"}


def unseeded(path: Path) -> list[str]:
    """Return where a file makes a generator without a seed."""
    calls = [
        node for node in ast.walk(ast.parse(path.read_text())) if is_unseeded(node)
    ]
    return [f"{path.relative_to(ROOT)}:{call.lineno}" for call in calls]


def is_unseeded(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else None
    return (name or getattr(node.func, "id", None)) in GENERATORS


def test_no_generator_is_made_without_a_seed():
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 200
    assert [place for path in paths for place in unseeded(path)] == []


def test_a_generator_without_a_seed_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "draws.py"
    path.write_text("a = np.random.default_rng()\nb = default_rng(1)\nc = Random()\n")
    assert unseeded(path) == ["draws.py:1", "draws.py:3"]


def draw() -> tuple[float, float, float]:
    return random.random(), np.random.random(), float(torch.rand(()))


@pytest.fixture(scope="module")
def drawn_before():
    return draw()


@pytest.mark.parametrize("time", range(2))
def test_each_test_draws_the_same_whether_it_makes_its_fixtures_or_not(
    drawn_before, time
):
    assert draw() == drawn_before
