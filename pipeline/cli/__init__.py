"""The command line `soda`: one file a subcommand."""

from pipeline.cli.main import main

__all__ = ["main"]
