"""What all pages are made with: templates, assets and relative addresses."""

import os
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(package: str) -> Environment:
    """The templates of a package: what they are given is escaped, and nothing lacks."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(package: str, name: str) -> str:
    """The text of a package's style sheet or script."""
    return (resources.files(package) / "assets" / name).read_text(encoding="utf-8")


def href(path: Path, page: Path) -> str:
    """Address of a file as a page links it: relative, so that both can move."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())
