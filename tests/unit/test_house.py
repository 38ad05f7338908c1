"""The layers of the project, held against every import in it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCIENCE = {
    *("datasets", "video", "features", "points", "training"),
    *("detection", "evaluation", "model_folder"),
}
FLAT = {
    *("__init__", "api", "device", "errors", "grid", "intervals", "layout"),
    *("progress", "seeds", "storage"),
}
KNOW_RUN = {"run", "stages", "experiments", "console", "api", "tasks"}
PACKAGES = ("pipeline", "extractors", "models")
START_UP = (
    re.compile(r"import|wait", re.I),
    re.compile(r"PyTorch|matplotlib|Luigi|seconds|modules", re.I),
)


@cache
def modules() -> dict[str, Path]:
    """The project's modules by their dotted names."""
    files = [
        ROOT / "tasks.py",
        *(f for p in PACKAGES for f in (ROOT / p).rglob("*.py")),
    ]
    return {dotted(path): path for path in files if path.name != "conftest.py"}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(module: str) -> tuple[tuple[str, ast.stmt, bool], ...]:
    """The project's modules that a module imports, and whether inside a function."""
    found = []
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    inside = {
        id(statement)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            target = name if name in modules() else name.rpartition(".")[0]
            if target in modules() and target != module:
                found.append((target, node, id(node) in inside))
    return tuple(found)


def arrows() -> list[tuple[str, str]]:
    return [(name, target) for name in modules() for target, _, _ in imports(name)]


def room(module: str) -> str:
    """The room of a module of the pipeline, or its own name if it is flat."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "pipeline" and rest else package


def test_no_files_import_each_other_in_a_circle():
    graph = {name: {target for target, _, _ in imports(name)} for name in modules()}
    # The package hands out its names without importing them before they are used.
    graph["pipeline"] = set()
    while free := {name for name in graph if not graph[name] & graph.keys()}:
        for name in free:
            del graph[name]
    assert graph == {}


@pytest.mark.parametrize(
    ("of", "never"),
    [
        ({"extractors", "models"}, FLAT | SCIENCE | {"run", "stages", "fanout"}),
        (SCIENCE, {"run", "stages", "experiments", "console", "report", "api"}),
        ({"fanout"}, SCIENCE | {"run", "stages", "experiments", "console"}),
        ({"run"}, {"stages", "experiments", "console", "report", "cli", "api"}),
        ({"stages"}, {"experiments", "console", "cli", "api", "tasks"}),
        (FLAT - {"api", "__init__"}, SCIENCE | {"run", "stages", "fanout"}),
    ],
    ids=lambda rooms: min(rooms),
)
def test_no_import_runs_upwards(of, never):
    wrong = [(a, b) for a, b in arrows() if room(a) in of and room(b) in never]
    assert wrong == []


def test_few_rooms_know_a_run():
    knowing = {
        room(name)
        for name in modules()
        for target, node, _ in imports(name)
        if target == "pipeline.run.run"
        and any(alias.name == "Run" for alias in node.names)
    }
    assert knowing <= KNOW_RUN


def test_an_import_inside_a_function_says_that_it_is_for_the_start():
    wrong = []
    for name, path in modules().items():
        lines = path.read_text(encoding="utf-8").splitlines()
        for _, node, is_inside in imports(name):
            if is_inside and not says_why(lines, node.lineno - 1):
                wrong.append(f"{path}:{node.lineno}")
    assert wrong == []


def says_why(lines: list[str], number: int) -> bool:
    """Whether a comment at an import, or above its block, is about starting up."""
    text = lines[number]
    while re.match(r"\s*(from|import|\)|\w+,$|$|#)", lines[number]):
        text += lines[number]
        number -= 1
    return all(pattern.search(text.partition("#")[2]) for pattern in START_UP)


def test_few_files_are_flat():
    flat = {path.stem for path in (ROOT / "pipeline").glob("*.py")}
    assert flat == FLAT and len(flat) <= 10


def test_the_layers_hold_for_imports_that_are_there():
    """Nothing above is true only because no import was found."""
    found = arrows()
    assert len(found) > 1000
    assert ("pipeline.stages.flow", "pipeline.stages.decode") in found
    inside = [name for name in modules() for *_, inner in imports(name) if inner]
    assert "pipeline.stages.train" in inside
