"""Commands whose modules are imported on use, not when they are listed.

PyTorch takes seconds to import, and `--help` must not wait for it.
"""

import ast
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

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

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Load the command and make its context."""
        return load(self.entry).make_context(*arguments, **extra)


class LazyGroup(TyperGroup):
    """A group of commands that load on use; a subclass lists them."""

    entries: tuple[CommandEntry, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in their order."""
        return [entry.name for entry in self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> LazyCommand | None:
        """Return the placeholder of a command; None for an unknown name."""
        named = [entry for entry in self.entries if entry.name == cmd_name]
        return LazyCommand(named[0]) if named else None


def load(entry: CommandEntry) -> Any:
    """Import and return a command."""
    module = import_module(f"pipeline.cli.{entry.name}")
    holder = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    holder.callback()(lambda: None)  # makes it a group, even with one command
    if hasattr(module, "app"):
        holder.add_typer(module.app, name=entry.name)
    else:
        settings = getattr(module, "SETTINGS", None)
        command = getattr(module, f"{entry.name}_command")
        holder.command(entry.name, context_settings=settings)(command)
    group: Any = typer.main.get_command(holder)
    return group.commands[entry.name]
