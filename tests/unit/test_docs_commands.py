"""Every command in the documents is one that exists, with flags that exist.

The pages that lead a reader by the hand are run word for word in tests/command.
"""

import importlib.util
import json
import re
import shlex
import subprocess
import sys

import pytest
from typer.core import TyperGroup

from pipeline.cli.lazy import load
from pipeline.cli.main import Soda
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
COMMAND = re.compile(
    r"(?:^ {4}|`|then )(?:\.venv/bin/)?((?:soda|luigi|python -m) [^`\n]*)", re.M
)
# Importing tasks.py changes how a whole process warns and ends.
PARSE_BY_LUIGI = """
import json, sys
import tasks
from luigi.cmdline_parser import CmdlineParser
for words in json.load(sys.stdin):
    print(*words, flush=True)
    with CmdlineParser.global_instance(words) as parser:
        parser.get_task_obj()
"""


def commands(program):
    """The arguments that the pages give a program, as a shell would."""
    name, found = program.split(), []
    for page in PAGES:
        text = re.sub(r" *\\\n +", " ", page.read_text("utf-8"))
        for line in COMMAND.findall(text):
            words = shlex.split(re.sub(r"\[([^]]*)\]|;.*", r"\1", line), comments=True)
            if words[: len(name)] == name and words[-1] != "--help":
                found.append(words[len(name) :])
    return found


def test_lines_of_luigi_are_understood():
    lines = commands("luigi")
    assert lines
    done = subprocess.run(
        [sys.executable, "-c", PARSE_BY_LUIGI],
        input=json.dumps(lines),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1] + done.stderr[-500:]


@pytest.mark.parametrize("words", commands("soda"), ids=" ".join)
def test_a_line_of_soda_is_understood(words):
    (entry,) = (entry for entry in Soda.entries if entry.name == words[0])
    command, rest = load(entry), words[1:]
    while isinstance(command, TyperGroup) and rest:
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(entry.name, rest, resilient_parsing=not rest)


@pytest.mark.parametrize("words", commands("python -m"), ids=" ".join)
def test_a_module_that_is_run_is_there(words):
    assert importlib.util.find_spec(words[0])
