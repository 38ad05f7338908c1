"""Commands whose modules are imported when they are used, not when they are listed.

PyTorch takes seconds to import: nobody who asks for help waits for it.
"""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

# Lines of a paragraph are joined, and indented ones are kept as they are.
MARKUP: Literal["markdown"] = "markdown"


@dataclass(frozen=True)
class Entry:
    """A command as a list shows it.

    `pipeline/cli/NAME.py` holds it, as `app` where it is a group, else `NAME_command`.
    """

    name: str
    panel: str  # the heading under which it stands
    help: str  # the first sentence of its own
    settings: dict[str, Any] = field(default_factory=dict)  # of its context


class LazyCommand(TyperCommand):
    """Stands for a command until it is used."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.help, rich_help_panel=entry.panel)
        self.entry = entry

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Hand over to the command itself."""
        return load(self.entry).make_context(*arguments, **extra)


class LazyGroup(TyperGroup):
    """A group of commands that are not there yet; a subclass lists them."""

    entries: tuple[Entry, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in their order."""
        return [entry.name for entry in self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> LazyCommand | None:
        """What stands for the command of a name."""
        named = [entry for entry in self.entries if entry.name == cmd_name]
        return LazyCommand(named[0]) if named else None


def load(entry: Entry) -> Any:
    """The command itself."""
    module = import_module(f"pipeline.cli.{entry.name}")
    holder = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    holder.callback()(lambda: None)  # so that it is a group, even of one
    if hasattr(module, "app"):
        holder.add_typer(module.app, name=entry.name)
    else:
        command = getattr(module, f"{entry.name}_command")
        holder.command(entry.name, context_settings=entry.settings)(command)
    group: Any = typer.main.get_command(holder)
    return group.commands[entry.name]
