"""The command line `soda`, with one file per subcommand."""

from pipeline.cli.main import main

__all__ = ["main"]
