"""Commands whose modules are imported on use, not when they are listed.

PyTorch takes seconds to import, and `--help` must not wait for it.
"""

import ast
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand

# Joins the lines of a paragraph, and keeps indented lines as they are.
MARKUP: Literal["markdown"] = "markdown"


@dataclass(frozen=True)
class CommandEntry:
    """The entry of a command in the list of commands.

    The command is `NAME_command` in `pipeline/cli/NAME.py`; a group has an `app`, too,
    and a command may have `SETTINGS` of its context.
    """

    name: str
    panel: str  # the heading in the list

    @property
    def help(self) -> str:
        """The first line of the command's docstring, read without an import."""
        text = Path(__file__).with_name(f"{self.name}.py").read_text(encoding="utf-8")
        nodes = (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
        (command,) = (n for n in nodes if n.name == f"{self.name}_command")
        return (ast.get_docstring(command) or "").partition("\n")[0]


class LazyCommand(TyperCommand):
    """A placeholder for a command until it is used."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.help, rich_help_panel=entry.panel)
        self.entry = entry

    def make_context(
        self, info_name: str | None, args: list[str], *parent: Any, **extra: Any
    ) -> Any:
        """Load the command and make its context.

        A file whose name begins with a dash is no option, if none is spelled like it.
        """
        command = load(self.entry)
        options = {name for option in command.params for name in option.opts}
        words = [
            f"./{word}"
            if word[:1] == "-" and word not in options and os.path.isfile(word)
            else word
            for word in args
        ]
        return command.make_context(info_name, words, *parent, **extra)


def load(entry: CommandEntry) -> Any:
    """Import and return a command."""
    module = import_module(f"pipeline.cli.{entry.name}")
    if hasattr(module, "app"):
        return typer.main.get_command(module.app)
    app = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    add = app.command(entry.name, context_settings=getattr(module, "SETTINGS", None))
    add(getattr(module, f"{entry.name}_command"))
    return typer.main.get_command(app)
